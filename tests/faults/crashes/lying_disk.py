"""A disk that keeps what was synced, and of the rest what it likes: killing it is a power cut.

``python lying_disk.py MOUNT KEPT SEED`` serves what ``KEPT`` has at ``MOUNT``. What is written
there stays in memory until ``fsync`` of the file, and of its folder for its name. Now and then,
as a kernel does, it stores the beginning of what was not synced, or a name; all of that by chance.
Killed with -9 and started again, it has what a machine would have after a power cut. On
SIGUSR1 it dies by itself, in the middle of one of the next syncs of a file.
"""

import errno
import os
import random
import signal
import stat
import sys
import time
from pathlib import Path, PurePosixPath
from typing import Any

import mfusepy  # type: ignore[import-untyped]

_STORES_A_NAME, _STORES_BYTES, _AS_ZEROS = 0.3, 0.05, 0.2

_HALF = ".half"
_SOON = 10


class Node:
    """A file, or a folder with its ``names``. ``synced``: the bytes that a power cut leaves."""

    def __init__(self, mode: int, content: bytes = b"") -> None:
        self.mode = mode
        self.content = bytearray(content)
        self.synced = content
        self.changed = time.time_ns()
        self.names: dict[str, Node] = {}
        self.safe: dict[str, Node] = {}
        """Its names as they were synced."""
        self.kept: Path | None = None
        """Where it lies, once its name is safe."""

    @property
    def is_folder(self) -> bool:
        """Whether it is one."""
        return stat.S_ISDIR(self.mode)


class LyingDisk(mfusepy.Operations):  # type: ignore[misc]
    """The file system. One thread at a time."""

    use_ns = True

    def __init__(self, kept: Path, seed: str) -> None:
        self._left = 0
        self._chance = random.Random(seed)  # noqa: S311 - to be the same again
        self._root = _loaded(kept)
        self._open: dict[int, Node] = {}

    def fail_soon(self, *_: object) -> None:
        """Let the power go in the middle of one of the next syncs."""
        self._left = self._chance.randint(1, _SOON)

    # --- what is kept -------------------------------------------------------------------------

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        self._left -= 1
        if self._left == 0:
            self._store_some(self._open[fh])
            os._exit(1)
        self._store(self._open[fh])
        return 0

    def fsyncdir(self, path: str, datasync: int, fh: int) -> int:
        folder = self._node(path)
        folder.safe = dict(folder.names)
        self._store_names(folder)
        return 0

    def _store_names(self, folder: Node) -> None:
        if folder.kept is None:
            return
        for name, node in folder.safe.items():
            self._store_name(folder, name, node)
        for found in folder.kept.iterdir():
            if found.name not in folder.safe:
                _remove(found)

    def _store(self, node: Node) -> None:
        node.synced = bytes(node.content)
        if node.kept is not None:
            _write(node.kept, node.synced)

    def _store_name(self, folder: Node, name: str, node: Node) -> None:
        if folder.kept is None or node.kept == folder.kept / name:
            return
        path = folder.kept / name
        if node.is_folder:
            path.mkdir(exist_ok=True)
        else:
            _write(path, node.synced)
        path.chmod(stat.S_IMODE(node.mode))
        node.kept = path
        if node.is_folder:
            self._store_names(node)

    def _by_chance(self, node: Node) -> None:
        if self._chance.random() < _STORES_BYTES:
            self._store_some(node)

    def _store_some(self, node: Node) -> None:
        """Store some of what is new, as a kernel does without being asked."""
        new = len(node.content) - len(node.synced)
        if new <= 0 or node.kept is None:
            return
        size = len(node.synced) + self._chance.randint(0, new)
        stored = bytes(node.content[:size])
        if self._chance.random() < _AS_ZEROS:  # the size is there, the bytes are not
            stored = node.synced.ljust(size, b"\0")
        _write(node.kept, stored)

    # --- files --------------------------------------------------------------------------------

    def create(self, path: str, mode: int, fi: Any = None) -> int:  # noqa: ANN401
        folder, name = self._place(path)
        node = folder.names[name] = Node(stat.S_IFREG | stat.S_IMODE(mode))
        if self._chance.random() < _STORES_A_NAME:
            self._store_name(folder, name, node)
        return self._handle(node)

    def open(self, path: str, flags: int) -> int:
        node = self._node(path)
        if flags & os.O_TRUNC:
            node.content.clear()
        return self._handle(node)

    def release(self, path: str, fh: int) -> int:
        del self._open[fh]
        return 0

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        return bytes(self._open[fh].content[offset : offset + size])

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        node = self._open[fh]
        if len(node.content) < offset:
            node.content.extend(bytes(offset - len(node.content)))
        node.content[offset : offset + len(data)] = data
        node.changed = time.time_ns()
        self._by_chance(node)
        return len(data)

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        node = self._node(path) if fh is None else self._open[fh]
        del node.content[length:]
        node.content.extend(bytes(length - len(node.content)))
        return 0

    # --- names --------------------------------------------------------------------------------

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        node = self._node(path) if fh is None or fh not in self._open else self._open[fh]
        return {
            "st_mode": node.mode, "st_size": len(node.content), "st_nlink": 1,
            "st_mtime": node.changed, "st_ctime": node.changed, "st_atime": node.changed,
            "st_uid": os.getuid(), "st_gid": os.getgid(),
        }  # fmt: skip

    def readdir(self, path: str, fh: int) -> list[str]:
        return [".", "..", *self._node(path).names]

    def mkdir(self, path: str, mode: int) -> int:
        folder, name = self._place(path)
        node = folder.names[name] = Node(stat.S_IFDIR | stat.S_IMODE(mode))
        if self._chance.random() < _STORES_A_NAME:
            self._store_name(folder, name, node)
        return 0

    def unlink(self, path: str) -> int:
        folder, name = self._place(path)
        folder.names.pop(name).kept = None
        return 0

    rmdir = unlink

    def rename(self, old: str, new: str) -> int:
        folder, name = self._place(old)
        there, there_name = self._place(new)
        node = folder.names.pop(name)
        replaced = there.names.get(there_name)
        if replaced is not None:
            replaced.kept = None
        there.names[there_name] = node
        if self._chance.random() < _STORES_A_NAME:
            before = node.kept
            self._store_name(there, there_name, node)
            if before is not None and before != node.kept:
                before.unlink()
        return 0

    def chmod(self, path: str, mode: int) -> int:
        node = self._node(path)
        node.mode = stat.S_IFMT(node.mode) | stat.S_IMODE(mode)
        return 0

    def chown(self, path: str, uid: int, gid: int) -> int:
        return 0

    def utimens(self, path: str, times: tuple[int, int] | None = None) -> int:
        return 0

    def statfs(self, path: str) -> dict[str, int]:
        return {"f_bsize": 4096, "f_frsize": 4096, "f_blocks": 1 << 20, "f_bavail": 1 << 19}

    def _handle(self, node: Node) -> int:
        fh = max(self._open, default=0) + 1
        self._open[fh] = node
        return fh

    def _node(self, path: str) -> Node:
        node = self._root
        for name in PurePosixPath(path).parts[1:]:
            if name not in node.names:
                raise mfusepy.FuseOSError(errno.ENOENT)
            node = node.names[name]
        return node

    def _place(self, path: str) -> tuple[Node, str]:
        pure = PurePosixPath(path)
        return self._node(str(pure.parent)), pure.name


def _loaded(path: Path) -> Node:
    node = Node(path.stat().st_mode, b"" if path.is_dir() else path.read_bytes())
    node.kept = path
    for found in path.iterdir() if path.is_dir() else ():
        if found.suffix != _HALF:
            node.names[found.name] = _loaded(found)
    node.safe = dict(node.names)
    return node


def _write(path: Path, content: bytes) -> None:
    """All of it or, where we are killed on the way, nothing."""
    half = path.with_suffix(_HALF)
    half.write_bytes(content)
    half.replace(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        for found in path.iterdir():
            _remove(found)
        path.rmdir()
    else:
        path.unlink()


if __name__ == "__main__":
    mount, kept, seed = sys.argv[1:]
    disk = LyingDisk(Path(kept), seed)
    signal.signal(signal.SIGUSR1, disk.fail_soon)
    mfusepy.FUSE(disk, mount, foreground=True, nothreads=True)
