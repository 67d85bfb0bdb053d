"""The broker's own key (Ed25519), by which customers can tell it from one that only says its name.

It is made at the first start and never again: a file that can't be read is an error for people to
look at, since a new key would look to customers like another broker.
"""

import base64
import hashlib
import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

FILE_NAME = "identity.key"


class BadIdentity(Exception):
    """The file is there and holds no key of ours; the broker does not start."""


class Identity:
    """A private key and what is told of it. Signing takes some microseconds."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public = _base64url(public)
        """The public key's 32 bytes, base64url."""
        digest = base64.b64encode(hashlib.sha256(public).digest()).decode()
        self.fingerprint = f"SHA256:{digest.rstrip('=')}"
        """For people to compare; written as OpenSSH writes its own."""

    def sign(self, message: bytes) -> str:
        """The signature of a message, base64url."""
        return _base64url(self._key.sign(message))


def load_or_make(data: Path) -> Identity:
    """The key in this data directory, made where there is none. Blocking.

    For the process that owns the directory. Raises BadIdentity and OSError.
    """
    path = data / FILE_NAME
    try:
        written = path.read_bytes()
    except FileNotFoundError:
        key = Ed25519PrivateKey.generate()
        _write(path, key)
        return Identity(key)
    try:
        loaded = load_pem_private_key(written, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadIdentity(f"{path} holds no key; restore it from a backup") from None
    if not isinstance(loaded, Ed25519PrivateKey):
        raise BadIdentity(f"{path} holds a key of another kind; restore it from a backup")
    return Identity(loaded)


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _write(path: Path, key: Ed25519PrivateKey) -> None:
    """Write the key, whole or not at all, safe from a power cut."""
    new = path.with_suffix(".new")
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.flush()
        os.fsync(fd)
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
