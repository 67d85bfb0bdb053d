"""Streams on the customer's disk: written first, never rewritten, read by whoever copies them.

A stream grows by whole lines only. Where the disk takes no more, the part of a line that went in
is cut off again, so that a stream always ends at a line; a process killed in the middle leaves a
torn line, which ``recovered`` cuts before the next run copies the rest. Not safe for two writers:
the lock that ``Spool`` takes keeps a session to one recorder.
"""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from typing import Dict, List

from broker.host.failures import Failed
from broker.recording.asciicast import whole_lines
from broker.wire.errors import RemoteProtocolError
from broker.wire.names import parse_stream

_TAIL_BYTES = 1024 * 1024
RESERVE_BYTES = 256 * 1024
"""Kept free for the session log: a disk that is full must still take the line that says so."""


class SpoolFull(Exception):
    """The disk takes no more; the stream is as it was before."""


class StreamFile:
    """One stream on disk: appended to by its recorder, or, of an earlier run, only read."""

    def __init__(self, path: Path, *, create: bool) -> None:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL if create else os.O_RDONLY
        self.name = path.name
        self._fd = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        self.end = os.fstat(self._fd).st_size
        self._synced = 0

    def append(self, lines: bytes) -> None:
        """Write whole lines after the last.

        They are in the file when this returns, and not yet safe from a power cut (``sync``).

        Raises SpoolFull, and leaves the stream as it was, where the disk refuses.
        """
        view = memoryview(lines)
        try:
            while view:
                view = view[os.write(self._fd, view) :]
        except OSError as error:
            os.ftruncate(self._fd, self.end)
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO):
                raise SpoolFull(os.strerror(error.errno)) from None
            raise
        self.end += len(lines)

    def read(self, offset: int, size: int) -> bytes:
        """Up to ``size`` bytes at ``offset``."""
        return os.pread(self._fd, size, offset)

    @property
    def dirty(self) -> bool:
        """Whether there is something that ``sync`` has yet to make safe."""
        return self._synced < self.end

    def sync(self) -> None:
        """Make what was appended survive a power cut. Blocks: call it off the loop."""
        end = self.end
        os.fdatasync(self._fd)
        self._synced = end

    def close(self) -> None:
        """Give the file back; its name and bytes stay."""
        os.close(self._fd)


class Spool:
    """All streams of one session on this host; one recorder at a time.

    Raises Failed where another recorder has the session.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.streams: Dict[str, StreamFile] = {}
        self._reserve = folder / "reserve"
        self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise Failed("the session's recorder is already running") from None

    def recovered(self) -> int:
        """Open the streams of earlier runs, their torn lines cut; the number of the last run."""
        last = 0
        for path in sorted(self.folder.iterdir()):
            try:
                run = parse_stream(path.name).run
            except RemoteProtocolError:
                continue
            last = max(last, run)
            cut_torn_line(path)
            self.streams[path.name] = StreamFile(path, create=False)
        return last

    def create(self, name: str) -> StreamFile:
        """Begin a stream. Its name is safe from a power cut when this returns."""
        parse_stream(name)
        stream = StreamFile(self.folder / name, create=True)
        self.streams[name] = stream
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return stream

    def set_aside(self) -> None:
        """Occupy the reserve, if it is not and the disk has room for it."""
        if self._reserve.exists() or not self.has_room():
            return
        try:
            self._reserve.write_bytes(b"\0" * RESERVE_BYTES)
        except OSError:
            self.use_reserve()

    def use_reserve(self) -> None:
        """Give the reserve to the streams that must go on."""
        self._reserve.unlink(missing_ok=True)

    def has_room(self) -> bool:
        """Whether the disk has room for the reserve and as much again."""
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize > 2 * RESERVE_BYTES

    def sync(self) -> None:
        """Make every stream safe from a power cut. Blocks: call it off the loop."""
        for stream in self._dirty():
            stream.sync()

    def _dirty(self) -> List[StreamFile]:
        return [stream for stream in list(self.streams.values()) if stream.dirty]


def cut_torn_line(path: Path) -> None:
    """Cut what a crash left after the last whole line."""
    with path.open("r+b") as file:
        end = file.seek(0, os.SEEK_END)
        tail = b""
        while end - len(tail) > 0 and b"\n" not in tail:
            start = max(0, end - len(tail) - _TAIL_BYTES)
            file.seek(start)
            tail = file.read(end - len(tail) - start) + tail
        whole = end - len(tail) + whole_lines(tail)
        if whole < end:
            file.truncate(whole)
            os.fsync(file.fileno())
