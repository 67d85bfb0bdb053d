"""A path as evidence: a bundle or a folder."""

from __future__ import annotations

from pathlib import Path

from broker.evidence.bundle import Bundle
from broker.evidence.folder import Folder
from broker.evidence.source import Source, Unreadable

_ENCRYPTED = (b"age-encryption.org/", b"-----BEGIN AGE ENCRYPTED FILE-----")


def opened(path: Path) -> Source:
    """Open a bundle, or a folder as ``jumpseat export`` writes it. Raises Unreadable."""
    try:
        if path.is_dir():
            return Folder(path)
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from None
    if head.startswith(_ENCRYPTED):
        raise Unreadable(
            f"{path} is encrypted: decrypt it first, as in `age -d -i KEYFILE -o FILE {path}`"
        )
    return Bundle(path)
