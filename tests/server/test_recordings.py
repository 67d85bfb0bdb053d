import errno
import os
import stat
from pathlib import Path

import pytest

from broker.server.stores.recordings import Recordings
from broker.wire.errors import RemoteProtocolError
from tests.server.casts import CAST, LOG


@pytest.fixture
def recordings(tmp_path: Path) -> Recordings:
    made = Recordings(tmp_path / "recordings")
    made.prepare()
    return made


def test_only_the_broker_can_read_them(recordings: Recordings) -> None:
    recordings.append("s1", CAST, 0, b"x")
    path = recordings.path("s1", CAST)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.parent.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("session", "stream"),
    [
        *((session, CAST) for session in ("..", "", "a/b", "S1", "a.b")),
        *(("s1", stream) for stream in ("../x", "", "run-0.log", "x.cast", "run-1.log/..")),
    ],
)
def test_no_name_is_a_path(recordings: Recordings, session: str, stream: str) -> None:
    with pytest.raises(RemoteProtocolError):
        recordings.append(session, stream, 0, b"x")
    with pytest.raises(RemoteProtocolError):
        recordings.read(session, stream, 0, 1)


def test_links_are_not_followed(recordings: Recordings, tmp_path: Path) -> None:
    recordings.append("s1", LOG, 0, b"x")
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    recordings.path("s1", CAST).symlink_to(secret)
    with pytest.raises(OSError, match="symbolic links"):
        recordings.read("s1", CAST, 0, 10)
    with pytest.raises(OSError, match="symbolic links"):
        recordings.append("s1", CAST, 0, b"x")


def test_what_lies_beyond_the_held_end_is_written_anew(recordings: Recordings) -> None:
    recordings.append("s1", LOG, 0, b"held")
    with recordings.path("s1", LOG).open("ab") as torn:
        torn.write(b"torn")
    recordings.append("s1", LOG, 4, b"!")
    assert recordings.read("s1", LOG, 0, 100) == b"held!"


def test_a_stream_that_shrank_is_never_patched_over(recordings: Recordings) -> None:
    recordings.append("s1", LOG, 0, b"held")
    os.truncate(recordings.path("s1", LOG), 2)
    with pytest.raises(OSError, match="shorter") as raised:
        recordings.append("s1", LOG, 4, b"x")
    assert raised.value.errno == errno.EIO
    with pytest.raises(FileNotFoundError):
        recordings.append("s1", CAST, 10, b"x")


def test_other_files_are_not_ours(recordings: Recordings) -> None:
    recordings.append("s1", LOG, 0, b"x")
    (recordings.root / "s1" / "notes.txt").write_text("n")
    assert recordings.settle("s1") == {LOG: 1}
    assert recordings.settle("s2") == {}


def test_lines_leave_out_a_last_one_that_is_cut(recordings: Recordings) -> None:
    recordings.append("s1", LOG, 0, "é\u2028x\nsecond\ncut".encode())
    size = recordings.sizes("s1")[LOG]
    assert list(recordings.lines("s1", LOG, size)) == ["é\u2028x", "second"]


def test_a_size_that_a_power_cut_kept_without_its_bytes_is_cut(recordings: Recordings) -> None:
    recordings.append("s1", CAST, 0, b"held")
    with recordings.path("s1", CAST).open("ab") as file:
        file.write(b" and\0\0\0\0more\0")
    assert recordings.settle("s1") == {CAST: 8}
    assert recordings.read("s1", CAST, 0, 99) == b"held and"
