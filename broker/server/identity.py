"""The broker's own keys (Ed25519), by which customers can tell it from one that only says its name.

The first is made at the first start; each later one when an admin asks for it, and is vouched for
by the one before it, whose private half is then gone. One file holds the private key that signs
now and, below it, all public ones with their certificates, so that one rename takes the broker
from the old state to the new. A file that can't be read is an error for people to look at, since
a new key would look to customers like another broker.
"""

import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from broker.recording.statements import (
    Certificate,
    fingerprint,
    from_base64url,
    key_message,
)

FILE_NAME = "identity.key"
_NEW = ".new"
_END_OF_KEY = b"-----END PRIVATE KEY-----\n"


class BadIdentity(Exception):
    """The file is there and holds no keys of ours; the broker does not start."""


class Signer:
    """One private key and what is told of it. Signing takes some microseconds; from any thread."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        """The public key's 32 bytes."""
        self.fingerprint = fingerprint(self.public)
        """For people to compare; written as OpenSSH writes its own."""

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of a message's signature."""
        return self._key.sign(message)

    def pem(self) -> bytes:
        """The private key, as it is kept."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@dataclass(frozen=True, slots=True)
class Ring:
    """All of a broker's keys at one moment; of the current one, what signs."""

    signer: Signer
    known: tuple[Certificate, ...]
    """Every key, oldest first, with the one before it vouching; the first has no signature."""

    def since(self, key: str) -> tuple[Certificate, ...] | None:
        """Those that came after the key of this fingerprint; None: it is none of ours."""
        for at, one in enumerate(self.known):
            if fingerprint(one.public) == key:
                return self.known[at + 1 :]
        return None

    def as_json(self) -> list[dict[str, Any]]:
        """As ``GET /api/keys`` tells it."""
        return [{"key": fingerprint(one.public), **one.as_json()} for one in self.known]


class Identity:
    """The keys of a running broker. ``ring`` may be another after ``rotate``; hold on to none."""

    def __init__(self, path: Path, ring: Ring) -> None:
        self._path = path
        self.ring = ring

    def rotate(self) -> None:
        """Let a new key take the current one's place. Blocking; one caller at a time.

        Whatever happens, the file holds the old keys or the new ones, whole. Raises OSError, and
        has then changed nothing that this process knows of.
        """
        old, new = self.ring, Signer(Ed25519PrivateKey.generate())
        since = max(_now(), old.known[-1].since)
        signature = old.signer.sign(key_message(new.public, since))
        ring = Ring(new, (*old.known, Certificate(new.public, since, signature)))
        _write(self._path, ring)
        self.ring = ring


def load_or_make(data: Path) -> Identity:
    """The keys in this data directory, made where there are none. Blocking.

    For the process that owns the directory. Raises BadIdentity and OSError.
    """
    path = data / FILE_NAME
    path.with_suffix(_NEW).unlink(missing_ok=True)  # of a start or rotation that was cut short
    try:
        written = path.read_bytes()
    except FileNotFoundError:
        first = Signer(Ed25519PrivateKey.generate())
        ring = Ring(first, (Certificate(first.public, _now(), b""),))
        _write(path, ring)
        return Identity(path, ring)
    ring = _read(path, written)
    if not _told(written):  # of a broker that had one key and no list
        _write(path, ring)
    return Identity(path, ring)


def read(data: Path) -> Ring:
    """The keys in this data directory, also beside a broker that runs. Blocking.

    Raises BadIdentity and OSError.
    """
    path = data / FILE_NAME
    return _read(path, path.read_bytes())


def _told(written: bytes) -> bytes:
    return written.partition(_END_OF_KEY)[2]


def _read(path: Path, written: bytes) -> Ring:
    pem, end, told = written.partition(_END_OF_KEY)
    try:
        loaded = load_pem_private_key(pem + end, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadIdentity(f"{path} holds no key; restore it from a backup") from None
    if not isinstance(loaded, Ed25519PrivateKey):
        raise BadIdentity(f"{path} holds a key of another kind; restore it from a backup")
    signer = Signer(loaded)
    if not told:
        made = int(path.stat().st_mtime * 1000)
        return Ring(signer, (Certificate(signer.public, made, b""),))
    try:
        known = tuple(_certificate(one) for one in json.loads(told)["keys"])
    except (ValueError, LookupError, TypeError):
        known = ()
    if not _vouch(known) or known[-1].public != signer.public:
        raise BadIdentity(f"{path} lists no keys that led to its own; restore it from a backup")
    return Ring(signer, known)


def _certificate(told: Any) -> Certificate:  # noqa: ANN401 - JSON
    public, signature = from_base64url(told["public"]), from_base64url(told["signature"])
    return Certificate(public, int(told["since"]), signature)


def _vouch(known: Sequence[Certificate]) -> bool:
    """Whether each key was vouched for by the one before it."""
    return len(known) > 0 and all(new.is_of(old.public) for old, new in pairwise(known))


def _now() -> int:
    return int(time.time() * 1000)


def _write(path: Path, ring: Ring) -> None:
    """Write the keys, whole or not at all, safe from a power cut."""
    new = path.with_suffix(_NEW)
    new.unlink(missing_ok=True)
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(ring.signer.pem() + json.dumps({"keys": ring.as_json()}).encode() + b"\n")
        file.flush()
        os.fsync(fd)
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
