"""Streams on the customer's disk: written first, never rewritten, read by whoever copies them.

A stream grows by whole lines only. Where the disk takes no more, the part of a line that went in
is cut off again, so that a stream always ends at a line; a process killed in the middle leaves a
torn line, which ``recovered`` cuts before the next run copies the rest. Not safe for two writers:
the lock that ``Spool`` takes keeps a session to one recorder.

What a sync has not made safe yet is kept in memory as well. After a sync that failed the kernel
may have dropped it and call it written, so nothing is appended until all of it was written once
more, through another descriptor, and synced by that.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import threading
from collections import deque
from pathlib import Path
from typing import Deque, Dict, List, Optional

from broker.host.choices import DEFAULT_SPOOL
from broker.host.failures import Failed
from broker.host.spool_limit import Level, SpoolLimit
from broker.recording.asciicast import whole_lines
from broker.wire.errors import RemoteProtocolError
from broker.wire.names import parse_stream

DISK_FULL, DISK_ERROR, SPOOL_LIMIT = "disk-full", "disk-error", "spool-limit"
"""Why a stream takes nothing, as gaps have it."""
_TAIL_BYTES = 1024 * 1024
RESERVE_BYTES = 256 * 1024
"""Kept free for the session log: a disk that is full must still take the line that says so."""


MOST_UNSYNCED_BYTES = 64 * 1024 * 1024
"""Kept in memory for one stream before floods are slowed, so that the disk can follow."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class NotTaken(Exception):
    """A stream takes nothing now, and is as it was. ``cause`` is what a gap's is."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class StreamFile:
    """One stream on disk: appended to by its recorder, or, of an earlier run, only read.

    ``limit``: what its bytes count against; None: nothing.
    """

    def __init__(self, path: Path, *, create: bool, limit: Optional[SpoolLimit] = None) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL if create else os.O_RDONLY
        self.name = path.name
        self._path = path
        self._limit = limit
        self._fd = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        self.end = os.fstat(self._fd).st_size
        self.failing = False
        """Whether the disk has failed to make it safe, and nothing can be appended until it has."""
        self._synced = 0
        self._unsynced: Deque[bytes] = deque()

    def append(self, lines: bytes) -> None:
        """Write whole lines after the last.

        They are in the file when this returns, and not yet safe from a power cut (``sync``).

        Raises NotTaken, and leaves the stream as it was, where the disk refuses or the spool is at
        its limit.
        """
        if self.failing:
            raise NotTaken(DISK_ERROR)
        if self._limit is not None and not self._limit.takes(len(lines)):
            raise NotTaken(SPOOL_LIMIT)
        try:
            _write(self._fd, self.end, lines)
        except OSError as error:
            try:
                os.ftruncate(self._fd, self.end)
            except OSError:
                self.failing = True
            if error.errno == errno.EBADF:
                raise  # not the disk's fault
            raise NotTaken(DISK_FULL if error.errno in _FULL else DISK_ERROR) from None
        self._unsynced.append(lines)  # before it counts: ``sync`` runs beside this
        self.end += len(lines)

    def read(self, offset: int, size: int) -> bytes:
        """Up to ``size`` bytes at ``offset``."""
        return os.pread(self._fd, size, offset)

    @property
    def dirty(self) -> bool:
        """Whether there is something that ``sync`` has yet to make safe."""
        return self.failing or self._synced < self.end

    @property
    def slow(self) -> bool:
        """Whether floods into it are to be slowed."""
        behind = self.end - self._synced > MOST_UNSYNCED_BYTES
        return self._limit is not None and (behind or self._limit.level is Level.SLOW)

    def sync(self) -> None:
        """Make what was appended survive a power cut. Blocks: call it off the loop, one at a time.

        Raises OSError where that failed. Of a stream that is written here, nothing is taken on
        trust from then on: the next call writes anew what was not safe.
        """
        end = self.end
        writable = bool(self._unsynced) or self.failing
        try:
            if self.failing:
                self._write_anew(end)
            else:
                os.fdatasync(self._fd)
        except OSError:
            self.failing = writable
            raise
        if not writable:
            self._synced = end
        while self._unsynced and self._synced + len(self._unsynced[0]) <= end:
            self._synced += len(self._unsynced.popleft())
        self.failing = False

    def _write_anew(self, end: int) -> None:
        """Write what no sync has made safe, and sync it, by a descriptor that has seen no error."""
        fd = os.open(self._path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            _write(fd, self._synced, b"".join(self._unsynced))
            os.ftruncate(fd, end)
            os.fdatasync(fd)
            os.dup2(fd, self._fd, inheritable=False)
        finally:
            os.close(fd)

    def close(self) -> None:
        """Give the file back; its name and bytes stay."""
        os.close(self._fd)


def _write(fd: int, offset: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(fd, view, offset)
        view, offset = view[written:], offset + written


class Spool:
    """All streams of one session on this host; one recorder at a time.

    Raises Failed where another recorder has the session.
    """

    def __init__(self, folder: Path, most: int = DEFAULT_SPOOL) -> None:
        self.folder = folder
        self.limit = SpoolLimit(most)
        """Of what recordings may take; logs are small, and always go on."""
        self.streams: Dict[str, StreamFile] = {}
        self._reserve = folder / "reserve"
        self._syncing = threading.Lock()
        self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise Failed("the session's recorder is already running") from None

    def recovered(self) -> int:
        """Open the streams of earlier runs, their torn lines cut; the number of the last run."""
        runs: Dict[str, int] = {}
        for path in sorted(self.folder.iterdir()):
            try:
                runs[path.name] = parse_stream(path.name).run
            except RemoteProtocolError:
                continue
            _cut_unwritten(path)
            cut_torn_line(path)
            self.streams[path.name] = StreamFile(path, create=False)
        return max(runs.values(), default=0)

    def make_safe(self, run: int) -> bool:
        """Have what this run and later ones left survive a power cut; False: the disk fails.

        They may have been killed when a sync had failed: the kernel then holds what is not on the
        disk, and takes it for written. Blocking.
        """
        doubted = [name for name in self.streams if parse_stream(name).run >= run]
        done = [_make_safe(self.folder / name) for name in doubted]
        return all(done)

    def create(self, name: str) -> StreamFile:
        """Begin a stream. Its name is safe from a power cut when this returns."""
        limit = None if parse_stream(name).is_log else self.limit
        stream = StreamFile(self.folder / name, create=True, limit=limit)
        self.streams[name] = stream
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return stream

    def set_aside(self) -> None:
        """Occupy the reserve, if it is not and the disk has room for it."""
        with contextlib.suppress(FileNotFoundError):
            if self._reserve.stat().st_size == RESERVE_BYTES:  # a power cut may leave less
                return
        if not self.has_room():
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
        return self.room > 0

    @property
    def room(self) -> int:
        """Bytes that the disk has room for beyond the reserve and as much again; below 0: less."""
        found = os.statvfs(self._lock)  # the folder may be gone, and its file system is not
        return found.f_bavail * found.f_frsize - 2 * RESERVE_BYTES

    @property
    def is_there(self) -> bool:
        """Whether the folder is; else what is written goes when this process does."""
        with contextlib.suppress(OSError):
            return self.folder.exists() and os.fstat(self._lock).st_nlink > 0
        return True

    @property
    def slow(self) -> bool:
        """Whether floods are slowed."""
        return any(stream.slow for stream in self.streams.values())

    def sync(self) -> None:
        """Make every stream safe from a power cut. Blocks: call it off the loop, in any thread.

        Raises the first OSError, when all were tried.
        """
        failed: Optional[OSError] = None
        with self._syncing:
            for stream in self._dirty():
                try:
                    stream.sync()
                except OSError as error:
                    failed = failed or error
        if failed is not None:
            raise failed

    def _dirty(self) -> List[StreamFile]:
        return [stream for stream in list(self.streams.values()) if stream.dirty]


def _cut_unwritten(path: Path) -> None:
    """Cut what a power cut left of lines that no sync had made safe: bytes that no line has."""
    with path.open("r+b") as file:
        end = file.seek(0, os.SEEK_END)
        start = max(0, end - MOST_UNSYNCED_BYTES)
        for at in range(start, end, _TAIL_BYTES):
            file.seek(at)
            found = file.read(_TAIL_BYTES).find(b"\0")
            if found >= 0:
                file.truncate(at + found)
                return


def _make_safe(path: Path) -> bool:
    """Write the end anew, and sync it; False: the disk has failed."""
    try:
        with path.open("r+b") as file:
            end = file.seek(0, os.SEEK_END)
            for at in range(max(0, end - MOST_UNSYNCED_BYTES), end, _TAIL_BYTES):
                file.seek(at)
                piece = file.read(_TAIL_BYTES)
                file.seek(at)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        return False
    return True


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
