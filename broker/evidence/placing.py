"""Putting a bundle where it was asked for: whole or not at all, and over nothing else."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Iterator, cast

from broker.evidence.bundle import Bundle
from broker.evidence.source import Unreadable, session_of


class Occupied(Exception):
    """Something else is there; a sentence."""


@contextmanager
def placed(path: Path, session: str) -> Iterator[BinaryIO]:
    """A file to write the bundle to, its owner's alone; at ``path`` when the block has ended.

    It takes the place of an earlier bundle of the same session. Where the block raises, nothing
    is there but what was. On return it survives a power cut. Raises Occupied and OSError.
    """
    _check(path, session)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    fd = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            yield cast("BinaryIO", file)
            file.flush()
            os.fsync(file.fileno())
        _check(path, session)
        part.replace(path)
        _sync(path.parent)
    finally:
        part.unlink(missing_ok=True)


def _check(path: Path, session: str) -> None:
    if not os.path.lexists(path):
        return
    if path.is_file() and not path.is_symlink():
        try:
            if session_of(Bundle(path)) == session:
                return
        except Unreadable:
            pass
    raise Occupied(f"{path} is something else; it is left alone")


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
