"""A disk as the product's modules see it: in place of their ``os``, ``fcntl`` and paths."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from types import SimpleNamespace, TracebackType
from typing import Any

from tests.simulation.disk import Disk


class SimPath(PurePosixPath):
    """A path on the disk that its first part names."""

    __slots__ = ()
    disks: dict[str, Disk]

    @property
    def _disk(self) -> Disk:
        return self.disks[self.parts[1]]

    def iterdir(self) -> Iterator[SimPath]:
        """As Path has it."""
        return map(SimPath, self._disk.names(str(self)))

    def exists(self) -> bool:
        """As Path has it."""
        disk, name = self._disk, str(self)
        return name in disk.files or name in disk.folders

    is_file = is_dir = exists

    def stat(self) -> Any:  # noqa: ANN401 - as os has it
        """Its size."""
        disk = self._disk
        disk._call("stat")
        if str(self) not in disk.files:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self))
        return SimpleNamespace(st_size=len(disk.files[str(self)].data))

    def mkdir(self, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        """As Path has it."""
        self._disk.make_folder(str(self))

    def unlink(self, missing_ok: bool = False) -> None:
        """As Path has it."""
        try:
            self._disk.remove(str(self))
        except FileNotFoundError:
            if not missing_ok:
                raise

    def rename(self, other: object) -> None:
        """As Path has it."""
        self._disk.rename(str(self), str(other))

    replace = rename

    def read_bytes(self) -> bytes:
        """As Path has it."""
        with self.open("rb") as file:
            return file.read()

    def write_bytes(self, data: bytes) -> int:
        """As Path has it."""
        with self.open("wb") as file:
            return file.write(data)

    def open(self, mode: str = "r") -> SimFile:
        """As Path has it, for bytes."""
        flags = {"rb": os.O_RDONLY, "r+b": os.O_RDWR, "wb": os.O_RDWR | os.O_CREAT | os.O_TRUNC}
        return SimFile(self._disk, self._disk.open(self, flags[mode]))


class SimFile:
    """An open file as ``open`` gives it, without a buffer."""

    def __init__(self, disk: Disk, fd: int) -> None:
        self._disk, self._fd, self._at = disk, fd, 0

    def __enter__(self) -> SimFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, why: BaseException | None, at: TracebackType | None
    ) -> None:
        self._disk.close(self._fd)

    def fileno(self) -> int:
        """Its descriptor."""
        return self._fd

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As files have it."""
        self._at = offset + (self._disk.size(self._fd) if whence == os.SEEK_END else 0)
        return self._at

    def read(self, size: int = -1) -> bytes:
        """As files have it."""
        data = self._disk.read(self._fd, size if size >= 0 else 1 << 40, self._at)
        self._at += len(data)
        return data

    def readline(self, most: int) -> bytes:
        """As files have it."""
        data = self._disk.read(self._fd, most, self._at)
        data = data[: data.find(b"\n") + 1 or len(data)]
        self._at += len(data)
        return data

    def write(self, data: bytes) -> int:
        """As files have it."""
        view = memoryview(data)
        while view:
            written = self._disk.write(self._fd, view, self._at)
            view, self._at = view[written:], self._at + written
        return len(data)

    def truncate(self, size: int) -> int:
        """As files have it."""
        self._disk.truncate(self._fd, size)
        return size

    def flush(self) -> None:
        """There is no buffer."""


def os_of(disk: Disk) -> SimpleNamespace:
    """What a module has as ``os``: the calls that write and read files are the disk's."""
    calls: dict[str, Callable[..., Any]] = {
        "open": disk.open,
        "fdopen": lambda fd, mode: SimFile(disk, fd),
        "close": disk.close,
        "write": disk.write,
        "pwrite": disk.write,
        "pread": disk.read,
        "ftruncate": disk.truncate,
        "dup2": lambda fd, other, inheritable=True: disk.again(fd, other),
        "fsync": disk.sync,
        "fdatasync": disk.sync,
        "fstat": lambda fd: SimpleNamespace(st_size=disk.size(fd), st_nlink=1),
        "statvfs": lambda path: SimpleNamespace(f_bavail=disk.free(), f_frsize=1),
        "unlink": disk.remove,
        "replace": lambda one, other: disk.rename(str(one), str(other)),
        "rename": lambda one, other: disk.rename(str(one), str(other)),
    }
    plain = {name: getattr(os, name) for name in dir(os) if name[:2] == "O_" or name[:5] == "SEEK_"}
    return SimpleNamespace(**plain, strerror=os.strerror, path=os.path, fspath=os.fspath, **calls)


def fcntl_of(disk: Disk) -> SimpleNamespace:
    """What a module has as ``fcntl``."""
    return SimpleNamespace(LOCK_EX=fcntl.LOCK_EX, LOCK_NB=fcntl.LOCK_NB, flock=disk.lock)
