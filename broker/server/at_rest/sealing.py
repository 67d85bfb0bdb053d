"""A stream from plain to sealed, or from one seal to the next: each step whole or not at all.

1. ``write`` the ciphertext as ``STREAM.age.part``, durable and checked;
2. have the ``sealed`` statement that names it signed and durable;
3. ``put`` it in its place, ``STREAM.age``, durably; only then the plaintext goes.

Between any two there is the plaintext, or a ciphertext that the receipts name. After a crash,
``tidy`` finishes what the receipts speak of and removes what they don't. Blocking; one caller a
session at a time.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from broker.evidence.encryption import ENDING, CantDecrypt, encrypt, plain_size
from broker.server.at_rest.opened import Opened
from broker.server.at_rest.standing import Seal, Standing
from broker.wire.errors import RemoteProtocolError
from broker.wire.names import parse_stream

PART = f"{ENDING}.part"
_PIECE_BYTES = 1024 * 1024


class CantSeal(Exception):
    """A sentence that says why; the stream lies there as before."""


def streams(folder: Path) -> list[str]:
    """What lies in a session's folder, plain or sealed, run after run. Raises OSError."""
    found = set()
    with suppress(FileNotFoundError):
        for entry in folder.iterdir():
            with suppress(RemoteProtocolError):
                found.add(parse_stream(entry.name.removesuffix(PART).removesuffix(ENDING)))
    return [stream.name for stream in sorted(found)]


def write(path: Path, signed: tuple[int, str], recipients: Iterable[str], opened: Opened) -> Seal:
    """Encrypt the stream of this path, of which the broker signed this size and digest.

    Raises CantSeal and OSError, of which Sealed is one; there is no ciphertext then.
    """
    to = tuple(recipients)
    part = path.with_name(path.name + PART)
    part.unlink(missing_ok=True)
    part.touch(0o600, exist_ok=False)
    try:
        with (
            _reading(path, opened) as readable,
            readable.open("rb") as source,
            part.open("wb") as target,
        ):
            told = encrypt(source, target, to)
            os.fsync(target.fileno())
        if (told.plain_size, told.plain_sha256) != signed:
            raise CantSeal(f"{path.name} is not what the broker signed for; it is left alone")
        if _digest(part) != (told.size, told.sha256) or plain_size(part) != told.plain_size:
            raise CantSeal(f"{path.name}: the disk did not keep what was written to it")
        _sync(path.parent)
    except BaseException as error:
        part.unlink(missing_ok=True)
        if isinstance(error, CantDecrypt):
            raise CantSeal(f"{path.name}: the disk did not keep what was written to it") from None
        raise
    return Seal(told.size, told.sha256, to)


def put(path: Path) -> None:
    """The ciphertext that was written takes the place of what was there. Raises OSError."""
    path.with_name(path.name + PART).replace(path.with_name(path.name + ENDING))
    _sync(path.parent)
    path.unlink(missing_ok=True)
    _sync(path.parent)


def tidy(folder: Path, standing: Standing) -> None:
    """Finish or undo what a crash cut off, by what the receipts say. Raises OSError."""
    if standing.deleted is not None:
        remove(folder)
        return
    for name in streams(folder):
        path, seal = folder / name, standing.seals.get(name)
        part = path.with_name(name + PART)
        if seal is not None and part.exists() and _digest(part) == (seal.size, seal.sha256):
            put(path)
        else:
            part.unlink(missing_ok=True)
        if seal is not None and path.exists() and lying(path, seal) is not None:
            path.unlink()
            _sync(folder)


def lying(path: Path, seal: Seal) -> Path | None:
    """The file in which the stream of this path lies as it was sealed, if there is one."""
    for ending in (ENDING, PART):  # the latter for the moment before it is put
        file = path.with_name(path.name + ending)
        with suppress(FileNotFoundError):
            if _digest(file) == (seal.size, seal.sha256):
                return file
    return None


def remove(folder: Path) -> None:
    """Delete a session's streams, however they lie; the receipts stay. Raises OSError."""
    for name in streams(folder):
        for ending in (PART, ENDING, ""):
            (folder / f"{name}{ending}").unlink(missing_ok=True)
    if folder.is_dir():
        _sync(folder)


def due(folder: Path, standing: Standing, recipients: Iterable[str]) -> Mapping[str, bool]:
    """Which streams of a complete session are not sealed to just these, and whether to others."""
    if standing.complete is None:
        return {}
    wanted = set(recipients)
    return {
        name: name in standing.seals
        for name in streams(folder)
        if name in standing.complete
        and (
            name not in standing.seals
            or set(standing.seals[name].recipients) != wanted
            or (folder / name).exists()
        )
    }


@contextmanager
def _reading(path: Path, opened: Opened) -> Iterator[Path]:
    if path.exists():
        yield path
        return
    with opened.reading(path.with_name(path.name + ENDING)) as fd:
        yield Path(f"/proc/self/fd/{fd}")


def _digest(path: Path) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            size += len(piece)
            digest.update(piece)
    return size, digest.hexdigest()


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
