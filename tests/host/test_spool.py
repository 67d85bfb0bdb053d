from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from broker.host.failures import Failed
from broker.host.spool import Spool, SpoolFull, StreamFile
from broker.wire.errors import RemoteProtocolError


@contextmanager
def limited() -> Iterator[None]:
    """Files can't grow beyond 1,000 bytes: a short write, then an error, as on a full disk.

    No fixture: pytest's own output may go to a file, and be told while fixtures still stand.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_stream_grows_by_lines_and_is_read_by_offset(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    assert spool.recovered() == 0
    stream = spool.create("run-1.log")
    stream.append(b"one\n")
    stream.append(b"two\n")
    assert stream.end == 8
    assert stream.read(2, 4) == b"e\ntw"
    before = stream.dirty
    spool.sync()
    assert (before, stream.dirty) == (True, False)
    assert (tmp_path / "run-1.log").stat().st_mode & 0o777 == 0o600


def test_a_disk_that_is_full_leaves_whole_lines(tmp_path: Path) -> None:
    stream = Spool(tmp_path).create("run-1.log")
    with limited():
        stream.append(b"x" * 899 + b"\n")
        with pytest.raises(SpoolFull):
            stream.append(b"y" * 199 + b"\n")
        assert stream.end == (tmp_path / "run-1.log").stat().st_size == 900
        stream.append(b"z" * 99 + b"\n")
    assert (tmp_path / "run-1.log").read_bytes().endswith(b"x\n" + b"z" * 99 + b"\n")


def test_the_next_run_cuts_the_torn_line_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "run-1.log").write_bytes(b'{"t": 1}\n{"t": 2')
    (tmp_path / "run-2.terminal-1.cast").write_bytes(b"whole\n")
    (tmp_path / "run-2.log").write_bytes(b"t" * 3_000_000)
    (tmp_path / "session.json").write_bytes(b"{")
    spool = Spool(tmp_path)
    assert spool.recovered() == 2
    assert {name: stream.end for name, stream in spool.streams.items()} == {
        "run-1.log": 9, "run-2.log": 0, "run-2.terminal-1.cast": 6,
    }  # fmt: skip
    assert (tmp_path / "run-1.log").read_bytes() == b'{"t": 1}\n'
    assert (tmp_path / "session.json").read_bytes() == b"{"


def test_a_stream_is_never_opened_for_writing_again(tmp_path: Path) -> None:
    (tmp_path / "run-1.log").write_bytes(b"whole\n")
    with pytest.raises(FileExistsError):
        StreamFile(tmp_path / "run-1.log", create=True)
    with pytest.raises(OSError, match=r"Invalid|Bad file"):
        StreamFile(tmp_path / "run-1.log", create=False).append(b"more\n")


def test_no_name_leads_out_of_the_folder(tmp_path: Path) -> None:
    with pytest.raises(RemoteProtocolError):
        Spool(tmp_path).create("../run-1.log")


def test_a_session_has_one_recorder(tmp_path: Path) -> None:
    first = Spool(tmp_path)
    with pytest.raises(Failed, match="already running"):
        Spool(tmp_path)
    assert first.folder == tmp_path


def test_the_reserve_is_set_aside_once_and_given_up(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.set_aside()
    spool.set_aside()
    assert (tmp_path / "reserve").stat().st_size > 0
    spool.use_reserve()
    spool.use_reserve()
    assert not (tmp_path / "reserve").exists()
