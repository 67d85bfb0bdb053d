from __future__ import annotations

import errno
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from broker.host.failures import Failed
from broker.host.spool import RESERVE_BYTES, NotTaken, Spool, StreamFile
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
        with pytest.raises(NotTaken):
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

    (tmp_path / "reserve").touch()  # as a power cut may leave it
    spool.set_aside()
    assert (tmp_path / "reserve").stat().st_size == RESERVE_BYTES


def test_recordings_count_against_the_limit_and_logs_do_not(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 100)
    recording, log = spool.create("run-1.terminal-1.cast"), spool.create("run-1.log")
    recording.append(b"x" * 79 + b"\n")
    assert spool.slow
    log.append(b"x" * 999 + b"\n")
    with pytest.raises(NotTaken) as refused:
        recording.append(b"x" * 79 + b"\n")
    assert refused.value.cause == "spool-limit"
    assert recording.end == 80
    log.append(b"more\n")


class Failing:
    """The disk's calls, of which some fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.failing: set[str] = set()
        self.synced: list[int] = []
        for name in ("fdatasync", "pwrite", "ftruncate"):
            monkeypatch.setattr(os, name, self._call(name, getattr(os, name)))

    def _call(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def called(fd: int, *args: Any) -> Any:  # noqa: ANN401 - as the call has it
            if name in self.failing:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return call(fd, *args)

        return called


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Failing:
    return Failing(monkeypatch)


def test_after_a_failed_sync_nothing_is_appended_until_all_was_written_anew(
    tmp_path: Path, disk: Failing
) -> None:
    spool = Spool(tmp_path)
    stream = spool.create("run-1.terminal-1.cast")
    path = tmp_path / "run-1.terminal-1.cast"
    stream.append(b"safe\n")
    spool.sync()
    stream.append(b"first\n")
    stream.append(b"second\n")
    disk.failing = {"fdatasync"}
    for _ in range(2):
        with pytest.raises(OSError, match=r"Input/output"):
            spool.sync()
        assert stream.dirty
        with pytest.raises(NotTaken) as refused:
            stream.append(b"third\n")
        assert refused.value.cause == "disk-error"
    # What the kernel has dropped, and calls written.
    with path.open("r+b") as file:
        file.seek(5)
        file.write(b"\0" * 13)
    disk.failing = set()
    spool.sync()
    assert (stream.dirty, path.read_bytes()) == (False, b"safe\nfirst\nsecond\n")
    stream.append(b"third\n")
    spool.sync()
    assert stream.read(0, 99) == path.read_bytes() == b"safe\nfirst\nsecond\nthird\n"


def test_one_that_fails_does_not_keep_others_from_being_safe(
    tmp_path: Path, disk: Failing, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path)
    bad, good = spool.create("run-1.log"), spool.create("run-1.terminal-1.cast")
    bad.append(b"x\n")
    good.append(b"x\n")
    fine, bad_fd = os.fdatasync, bad._fd
    monkeypatch.setattr(
        os, "fdatasync", lambda fd: os.pread(-1, 0, 0) if fd == bad_fd else fine(fd)
    )
    with pytest.raises(OSError, match=r"Bad file"):
        spool.sync()
    assert (bad.dirty, good.dirty) == (True, False)


def test_part_of_a_line_that_can_not_be_cut_off_again_is_cut_when_it_is_written_anew(
    tmp_path: Path, disk: Failing
) -> None:
    stream = Spool(tmp_path).create("run-1.log")
    stream.append(b"whole\n")
    with (tmp_path / "run-1.log").open("ab") as file:
        file.write(b"torn")
    disk.failing = {"pwrite", "ftruncate"}
    with pytest.raises(NotTaken, match="disk-error"):
        stream.append(b"torn off\n")
    disk.failing = set()
    with pytest.raises(NotTaken, match="disk-error"):
        stream.append(b"more\n")
    stream.sync()
    stream.append(b"more\n")
    assert (tmp_path / "run-1.log").read_bytes() == b"whole\nmore\n"


def test_the_next_run_cuts_what_a_power_cut_left_unwritten(tmp_path: Path) -> None:
    (tmp_path / "run-1.terminal-1.cast").write_bytes(b"one\ntwo\nth" + b"\0" * 9 + b"\nfour\n")
    spool = Spool(tmp_path)
    spool.recovered()
    assert (tmp_path / "run-1.terminal-1.cast").read_bytes() == b"one\ntwo\n"


def test_the_next_run_makes_safe_what_earlier_ones_left_and_says_whether_it_could(
    tmp_path: Path,
) -> None:
    for run in (1, 2, 3):
        (tmp_path / f"run-{run}.log").write_bytes(b"one\n")
    spool = Spool(tmp_path)
    spool.recovered()
    assert spool.make_safe(1)
    (tmp_path / "run-1.log").unlink()
    assert not spool.make_safe(1)
    assert spool.make_safe(2)
    assert (tmp_path / "run-2.log").read_bytes() == b"one\n"


APPENDS = """
import sys
from pathlib import Path
from broker.host.spool import NotTaken, Spool
spool = Spool(Path(sys.argv[1]))
stream = spool.create("run-1.terminal-1.cast")
told = []
for n in range(4):
    try:
        stream.append(b"%d\\n" % n)
    except NotTaken as refused:
        told.append(refused.cause)
    try:
        spool.sync()
    except OSError as error:
        told.append(error.strerror)
print(*told, sep=";")
"""


@pytest.mark.skipif(
    shutil.which("strace") is None or os.geteuid() != 0,
    reason="the kernel's call is made to fail by strace, as root",
)
def test_a_sync_that_fails_in_the_kernel(tmp_path: Path) -> None:
    inject = "inject=fdatasync:error=EIO:when=2"
    strace = ["strace", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e", inject]
    env = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    program = [sys.executable, "-c", APPENDS, str(tmp_path)]
    done = subprocess.run([*strace, *program], capture_output=True, text=True, check=True, env=env)
    # The second sync fails, and with it the third line; then it goes on.
    assert done.stdout.strip() == "Input/output error;disk-error"
    assert (tmp_path / "run-1.terminal-1.cast").read_bytes() == b"0\n1\n3\n"
