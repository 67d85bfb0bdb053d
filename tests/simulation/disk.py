"""A disk in memory: what is written is seen at once and survives a loss of power once synced.

What is not synced when power is lost is lost, kept up to some write, kept in part and out of
order, or torn in the middle of a write: as the seed has it. So it is with names in directories.
A failed fdatasync drops what it could not write and calls it written, as Linux does.
"""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.simulation.loop import LIFE, Gone, Life

_SECTOR = 512


@dataclass(eq=False)
class Inode:
    """One file."""

    data: bytearray = field(default_factory=bytearray)
    safe: bytearray = field(default_factory=bytearray)
    """What a loss of power leaves for sure."""
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)
    """Writes since then, by offset; None: cut off there."""


@dataclass(eq=False)
class Opened:
    """One open file or directory."""

    inode: Inode | None
    path: str
    append: bool
    writable: bool
    life: Life | None


class Disk:
    """One machine's. Every call of a process that is over raises Gone."""

    def __init__(self, name: str, chance: random.Random) -> None:
        self.root = f"/{name}"
        self._chance = chance
        self.files: dict[str, Inode] = {}
        self.folders: set[str] = {self.root}
        self._safe_names: dict[str, Inode] = {}
        self._safe_folders: set[str] = {self.root}
        self._opened: dict[int, Opened] = {}
        self._locks: dict[str, int] = {}
        self._next = 3
        self.room: int | None = None
        """Bytes that it still takes; None: no end of it."""
        self.errors: dict[str, int] = {}
        """Calls that fail with EIO, by name, and how often; below 0: for ever."""
        self.fuse: int | None = None
        """After so many more calls, what burns is called, and the call never returns."""
        self.burns: Callable[[], None] = lambda: None
        self.calls = 0

    # --- what the calls have in common --------------------------------------------------------

    def _call(self, name: str) -> None:
        life = LIFE.get(None)
        if life is not None and life.over:
            raise Gone
        self.calls += 1
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse < 0:
                self.fuse = None
                self.burns()
                raise Gone
        left = self.errors.get(name, 0)
        if left:
            self.errors[name] = left - 1
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    def _file(self, fd: int) -> Opened:
        opened = self._opened.get(fd)
        if opened is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return opened

    def _inode(self, fd: int, *, write: bool = False) -> Inode:
        opened = self._file(fd)
        if opened.inode is None or (write and not opened.writable):
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return opened.inode

    # --- calls --------------------------------------------------------------------------------

    def open(self, path: object, flags: int, mode: int = 0o777) -> int:
        """As os.open."""
        self._call("open")
        name = str(path)
        if name in self.folders:
            inode = None
        elif name in self.files:
            if flags & os.O_CREAT and flags & os.O_EXCL:
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name)
            inode = self.files[name]
        elif flags & os.O_CREAT:
            self._check_folder(name)
            if self.room is not None and self.room <= 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), name)
            inode = self.files[name] = Inode()
        else:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        if inode is not None and flags & os.O_TRUNC:
            self._cut(inode, 0)
        self._next += 1
        writable = bool(flags & (os.O_WRONLY | os.O_RDWR))
        life = LIFE.get(None)
        self._opened[self._next] = Opened(inode, name, bool(flags & os.O_APPEND), writable, life)
        return self._next

    def close(self, fd: int) -> None:
        """As os.close."""
        self._call("close")
        self._file(fd)
        self._close(fd)

    def _close(self, fd: int) -> None:
        opened = self._opened.pop(fd)
        if self._locks.get(opened.path) == fd:
            del self._locks[opened.path]

    def again(self, fd: int, other: int) -> int:
        """As os.dup2."""
        self._call("dup2")
        self._opened[other] = self._file(fd)
        return other

    def lock(self, fd: int, flags: int) -> None:
        """As fcntl.flock, for one who does not wait."""
        self._call("flock")
        path = self._file(fd).path
        if self._locks.setdefault(path, fd) != fd:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    def size(self, fd: int) -> int:
        """What fstat tells."""
        self._call("fstat")
        return len(self._inode(fd).data)

    def write(self, fd: int, data: bytes | memoryview, offset: int | None = None) -> int:
        """As os.write and os.pwrite: at times, less than all of it."""
        self._call("write")
        inode = self._inode(fd, write=True)
        piece = bytes(data)
        if len(piece) > 1 and self._chance.random() < 0.02:
            piece = piece[: self._chance.randrange(1, len(piece))]
        if offset is None:
            offset = len(inode.data)
        if self.room is not None:
            more = max(0, offset + len(piece) - len(inode.data))
            if more > self.room:
                piece = piece[: len(piece) - (more - self.room)]
                if not piece:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                more = self.room
            self.room -= more
        _put(inode.data, offset, piece)
        inode.pending.append((offset, piece))
        return len(piece)

    def read(self, fd: int, size: int, offset: int) -> bytes:
        """As os.pread."""
        self._call("pread")
        return bytes(self._inode(fd).data[offset : offset + size])

    def truncate(self, fd: int, size: int) -> None:
        """As os.ftruncate."""
        self._call("ftruncate")
        self._cut(self._inode(fd, write=True), size)

    def _cut(self, inode: Inode, size: int) -> None:
        if size == len(inode.data):
            return
        if self.room is not None:
            self.room += len(inode.data) - size
        _put_end(inode.data, size)
        inode.pending.append((size, None))

    def sync(self, fd: int) -> None:
        """As os.fsync and os.fdatasync."""
        opened = self._file(fd)
        try:
            self._call("fsync" if opened.inode is None else "fdatasync")
        except OSError:
            if opened.inode is not None:
                opened.inode.pending.clear()  # called clean, and never written
            raise
        if opened.inode is None:
            self._sync_names(opened.path)
        elif opened.inode.pending:
            for one in opened.inode.pending:
                _do(opened.inode.safe, *one)
            opened.inode.pending.clear()

    def _sync_names(self, folder: str) -> None:
        for name in [one for one in self._safe_names if _parent(one) == folder]:
            if name not in self.files:
                del self._safe_names[name]
        for name, inode in self.files.items():
            if _parent(name) == folder:
                self._safe_names[name] = inode
        self._safe_folders |= {one for one in self.folders if _parent(one) == folder}

    def free(self) -> int:
        """Bytes that there is room for."""
        self._call("statvfs")
        return 1 << 30 if self.room is None else self.room

    # --- names --------------------------------------------------------------------------------

    def _check_folder(self, name: str) -> None:
        if _parent(name) not in self.folders:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)

    def names(self, folder: str) -> list[str]:
        """What is in a folder."""
        self._call("scandir")
        if folder not in self.folders:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), folder)
        return sorted(one for one in self.files if _parent(one) == folder)

    def make_folder(self, name: str) -> None:
        """A new folder; nothing where there is one."""
        self._call("mkdir")
        self._check_folder(name)
        self.folders.add(name)

    def remove(self, name: str) -> None:
        """Take a name away."""
        self._call("unlink")
        inode = self.files.pop(name, None)
        if inode is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        if self.room is not None:
            self.room += len(inode.data)

    def rename(self, name: str, other: str) -> None:
        """Give a file another name, in place of what had it."""
        self._call("rename")
        if name not in self.files:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        self.files[other] = self.files.pop(name)

    # --- what happens to it ---------------------------------------------------------------------

    def close_all(self, life: Life) -> None:
        """A process is over: the files that it had open are closed."""
        for fd in [fd for fd, one in self._opened.items() if one.life is life]:
            self._close(fd)

    def lose_power(self) -> None:
        """What was not synced is gone, or some of it."""
        chance = self._chance
        names = dict(self._safe_names)
        for name, inode in list(self.files.items()):
            if names.get(name) is not inode and chance.random() < 0.5:
                names[name] = inode
        for name in list(names):
            if name not in self.files and chance.random() < 0.5:
                del names[name]
        kept = self._safe_folders
        folders = {one for one in sorted(self.folders) if one in kept or chance.random() < 0.5}
        for name in list(names):
            if _parent(name) not in folders:
                del names[name]
        for inode in dict.fromkeys(names.values()):
            self._lose(inode)
        self.files, self.folders = names, folders
        self._safe_names, self._safe_folders = dict(names), set(folders)
        self._opened.clear()
        self._locks.clear()

    def _lose(self, inode: Inode) -> None:
        chance, pending = self._chance, inode.pending
        how = chance.choice(("all", "none", "prefix", "subset", "torn"))
        kept: list[tuple[int, bytes | None]] = []
        if how == "none":
            kept = pending
        elif how == "prefix":
            kept = pending[: chance.randint(0, len(pending))]
        elif how == "subset":
            kept = [one for one in pending if chance.random() < 0.5]
        elif how == "torn" and pending:
            count = chance.randrange(len(pending))
            offset, data = pending[count]
            kept = pending[:count]
            if data is not None:
                size = chance.choice(
                    (
                        chance.randint(0, len(data)),
                        _SECTOR * chance.randint(0, len(data) // _SECTOR),
                    )
                )
                kept = [*kept, (offset, data[:size])]
        for one in kept:
            _do(inode.safe, *one)
        inode.pending = []
        inode.data = bytearray(inode.safe)

    def safe(self, name: str) -> bytes:
        """What of a file a loss of power now would leave in any case."""
        inode = self._safe_names.get(name)
        if inode is None or self.files.get(name) is not inode:
            return b""
        # What is to be cut off may still be there, but nobody relies on that.
        return bytes(inode.safe)


def _do(data: bytearray, offset: int, piece: bytes | None) -> None:
    if piece is None:
        _put_end(data, offset)
    else:
        _put(data, offset, piece)


def _put(data: bytearray, offset: int, piece: bytes) -> None:
    if offset > len(data):
        data.extend(bytes(offset - len(data)))
    data[offset : offset + len(piece)] = piece


def _put_end(data: bytearray, size: int) -> None:
    if size < len(data):
        del data[size:]
    else:
        data.extend(bytes(size - len(data)))


def _parent(name: str) -> str:
    return name.rpartition("/")[0]
