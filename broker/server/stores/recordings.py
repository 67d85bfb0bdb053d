"""The streams' bytes, as plain files: ``DIR/SESSION/STREAM``.

The interface is as narrow as its use, so that object storage can take the files' place: append
durably, list, read a range. Every method blocks: call them in a thread, never on the loop.

A sealed stream lies beside where it lay, as ``STREAM.age``, and is read as any other is, where
there is a key for it; where there is none, reading raises ``Sealed``, which is an OSError.
"""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from broker.evidence.encryption import ENDING, Keys
from broker.server.at_rest import standing
from broker.server.at_rest.opened import Opened
from broker.wire.errors import RemoteProtocolError
from broker.wire.names import RECEIPTS, check_id, parse_stream

_PIECE_BYTES = 256 * 1024
_MOST_UNSYNCED_BYTES = 2 * 1024 * 1024
"""More than any one append has."""
_DIR_MODE, _FILE_MODE = 0o700, 0o600


class Recordings:
    """The recordings below one directory. Safe from any thread, one writer a stream."""

    def __init__(self, root: Path, keys: Keys | None = None) -> None:
        self.root = root
        self.opened = Opened(keys or Keys())

    def prepare(self) -> None:
        """Make the directory. Raises OSError."""
        self.root.mkdir(mode=_DIR_MODE, parents=True, exist_ok=True)
        _sync_directory(self.root.parent)

    def path(self, session: str, stream: str) -> Path:
        """Where a stream, or the session's receipts, lies.

        Raises RemoteProtocolError for names that are none: nothing that comes from outside
        becomes a path before it was checked here.
        """
        name = stream if stream == RECEIPTS else parse_stream(stream).name
        return self.folder(session) / name

    def folder(self, session: str) -> Path:
        """Where a session's streams lie. Raises RemoteProtocolError for what is no id."""
        return self.root / check_id(session, "session")

    def settle(self, session: str) -> dict[str, int]:
        """Make durable what a broker before this one left, and tell each stream's size.

        After it, what is there is held, whatever was acknowledged before.
        """
        sizes = self.sizes(session)
        for stream in sizes:
            with (
                contextlib.suppress(FileNotFoundError),  # sealed: that was durable from the first
                _opened(self.path(session, stream), os.O_RDWR) as fd,
            ):
                _cut_zeros(fd)
                _make_safe(fd)
                sizes[stream] = os.fstat(fd).st_size
        if sizes:
            _sync_names(self.root / session)
        return sizes

    def sizes(self, session: str) -> dict[str, int]:
        """Each stream's size in bytes; empty for a session that has none yet, or no more.

        Of a sealed one, what it was when the session was complete.
        """
        sizes: dict[str, int] = {}
        sealed = set()
        folder = self.folder(session)
        with contextlib.suppress(FileNotFoundError):
            for entry in folder.iterdir():
                with contextlib.suppress(RemoteProtocolError, FileNotFoundError):  # no stream
                    if entry.suffix == ENDING:
                        sealed.add(parse_stream(entry.stem).name)
                    else:
                        sizes[parse_stream(entry.name).name] = entry.stat().st_size
        if sealed:
            complete = standing.read(folder).complete or {}
            sizes |= {name: complete.get(name, 0) for name in sealed - sizes.keys()}
        return sizes

    def append(self, session: str, stream: str, offset: int, data: bytes) -> None:
        """Write ``data`` at ``offset``, the stream's durable end; on return it survives power loss.

        All or nothing: where anything fails, OSError is raised, nothing of ``data`` counts, and
        the same call can be made again. Each call opens the file anew and rewrites from the
        durable end: after a failed fdatasync the kernel may have dropped pages and called them
        clean, so syncing again on the same descriptor would report a success that is none.
        """
        path = self.path(session, stream)
        flags = os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW
        if offset == 0:
            path.parent.mkdir(mode=_DIR_MODE, exist_ok=True)
            flags |= os.O_CREAT
        fd = os.open(path, flags, _FILE_MODE)
        try:
            if os.fstat(fd).st_size < offset:
                raise OSError(errno.EIO, "the file is shorter than what was held", str(path))
            try:
                os.ftruncate(fd, offset)  # what a torn attempt left
                _write(fd, offset, data)
                os.fdatasync(fd)
                if offset == 0:
                    # Also where it was there: whoever made it may not have come so far.
                    _sync_names(path.parent)
            except OSError:
                with contextlib.suppress(OSError):
                    os.ftruncate(fd, offset)
                raise
        finally:
            os.close(fd)

    def read(self, session: str, stream: str, offset: int, size: int) -> bytes:
        """Up to ``size`` bytes from ``offset``; fewer only at the end of the file."""
        with self.reading(session, stream) as fd:
            return os.pread(fd, size, offset)

    @contextlib.contextmanager
    def reading(self, session: str, stream: str) -> Iterator[int]:
        """A descriptor to pread from, for this block. Raises OSError, of which Sealed is one."""
        path = self.path(session, stream)
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError as error:
            try:
                with self.opened.reading(path.with_name(path.name + ENDING)) as fd:
                    yield fd
            except FileNotFoundError:
                raise error from None
            return
        try:
            yield fd
        finally:
            os.close(fd)

    def settle_receipts(self, session: str) -> None:
        """Make durable what a broker before this one left of them. Raises OSError."""
        with (
            contextlib.suppress(FileNotFoundError),
            _opened(self.path(session, RECEIPTS), os.O_RDWR) as fd,
        ):
            _cut_zeros(fd)
            _make_safe(fd)

    def receipts(self, session: str) -> bytes:
        """A session's receipts, durable now, without a line that a crash tore. Raises OSError."""
        try:
            with _opened(self.path(session, RECEIPTS), os.O_RDONLY) as fd:
                os.fsync(fd)
                written = os.pread(fd, os.fstat(fd).st_size, 0)
        except FileNotFoundError:
            return b""
        _sync_names(self.folder(session))
        return written[: written.rfind(b"\n") + 1]

    def pieces(self, session: str, stream: str, size: int) -> Iterator[bytes]:
        """The first ``size`` bytes of a stream, in order."""
        for offset in range(0, size, _PIECE_BYTES):
            yield self.read(session, stream, offset, min(_PIECE_BYTES, size - offset))

    def lines(self, session: str, stream: str, size: int) -> Iterator[str]:
        """The whole lines among the first ``size`` bytes; the last may be cut, and is left out."""
        rest = b""
        for piece in self.pieces(session, stream, size):
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                yield line.decode("utf-8", "replace")


def _sync_names(folder: Path) -> None:
    """Make what is in a session's folder, and that there is one, survive a power cut."""
    _sync_directory(folder)
    _sync_directory(folder.parent)


def _cut_zeros(fd: int) -> None:
    """Cut what a power cut left of a write: a file system may keep the size, and not the bytes.

    No stream has a zero byte, and only the last write can have been under way.
    """
    start = max(0, os.fstat(fd).st_size - _MOST_UNSYNCED_BYTES)
    zero = os.pread(fd, _MOST_UNSYNCED_BYTES, start).find(b"\0")
    if zero >= 0:
        os.ftruncate(fd, start + zero)


def _make_safe(fd: int) -> None:
    """Write the end anew, and sync it.

    The broker before this one may have been killed when a sync had failed: the kernel then holds
    what is not on the disk, and takes it for written.
    """
    start = max(0, os.fstat(fd).st_size - _MOST_UNSYNCED_BYTES)
    _write(fd, start, os.pread(fd, _MOST_UNSYNCED_BYTES, start))
    os.fsync(fd)


def _write(fd: int, offset: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(fd, view, offset)
        view, offset = view[written:], offset + written


def _sync_directory(path: Path) -> None:
    with _opened(path, os.O_RDONLY | os.O_DIRECTORY) as fd:
        os.fsync(fd)


@contextlib.contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    fd = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        yield fd
    finally:
        os.close(fd)
