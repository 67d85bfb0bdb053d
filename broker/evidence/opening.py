"""A path as evidence: a bundle or a folder."""

from __future__ import annotations

import os
import weakref
from pathlib import Path

from broker.evidence.bundle import Bundle
from broker.evidence.encryption import CantDecrypt, Keys
from broker.evidence.encryption import opened as decrypted
from broker.evidence.folder import Folder
from broker.evidence.source import Source, Unreadable

_NO_KEYS = Keys()
_ENCRYPTED = (b"age-encryption.org/", b"-----BEGIN AGE ENCRYPTED FILE-----")


def opened(path: Path, keys: Keys = _NO_KEYS) -> Source:
    """Open a bundle, or a folder as ``jumpseat export`` writes it. Raises Unreadable.

    An encrypted bundle is decrypted into memory, with ``keys``.
    """
    try:
        if path.is_dir():
            return Folder(path)
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from None
    if head.startswith(_ENCRYPTED):
        return _decrypted(path, keys)
    return Bundle(path)


def _decrypted(path: Path, keys: Keys) -> Source:
    if not keys:
        raise Unreadable(f"{path} is encrypted: say --identity KEYFILE")
    try:
        fd = decrypted(path, keys)
    except CantDecrypt as error:
        raise Unreadable(f"{path}: {error}") from None
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from None
    found = Bundle(Path(f"/proc/self/fd/{fd}"))
    found.place = str(path)
    weakref.finalize(found, os.close, fd)  # its source is read as long as somebody has it
    return found
