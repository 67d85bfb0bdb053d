"""Files in age's format (https://age-encryption.org/v1): written to recipients, read with keys.

By the library pyrage, or, where it is not installed, read by the ``age`` program. Blocking. What
is in a file is authenticated piece by piece (64 KiB): what ``decrypt`` has written before it
raises is what was encrypted, but not all of it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import subprocess
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Iterable, Iterator, List, Optional, Tuple

ENDING = ".age"
MOST_RECIPIENTS = 20

_MOST_RECIPIENT_CHARACTERS = 1000
_MOST_KEY_BYTES = 64 * 1024
_MOST_HEADER_BYTES = 64 * 1024
_CHUNK_BYTES = 64 * 1024
_TAG_BYTES = _NONCE_BYTES = 16
_HEADER = re.compile(rb"age-encryption\.org/v1\n(?:.*\n)*?--- [^\n]*\n")


class BadKey(ValueError):
    """A recipient or a file of keys is none; the text is a sentence that shows no key."""


class CantDecrypt(Exception):
    """What is in the file can't be had here; the text is a sentence."""


class NoKey(CantDecrypt):
    """None of these keys opens it."""


class NotInstalled(CantDecrypt):
    """Neither pyrage nor the ``age`` program is here."""


@dataclass(frozen=True)
class Encrypted:
    """What was read and what was written: sizes in bytes, and SHA-256 in hex."""

    plain_size: int
    plain_sha256: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Keys:
    """What opens files: age or ssh keys, from files that only their owner reads."""

    files: Tuple[Path, ...] = ()
    _identities: Tuple[Any, ...] = field(default=(), repr=False)

    def __bool__(self) -> bool:
        return bool(self.files)


def read_keys(files: Iterable[Path]) -> Keys:
    """Read the keys in these files. Raises BadKey."""
    paths = tuple(files)
    identities: List[Any] = []
    for path in paths:
        try:
            with path.open("rb") as file:
                if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                    raise BadKey(f"{path} can be read by others than its owner; chmod 600 it")
                identities += _identities(path, file.read(_MOST_KEY_BYTES))
        except OSError as error:
            raise BadKey(f"can't read {path}: {error.strerror}") from None
    return Keys(paths, tuple(identities))


def check_recipients(recipients: Iterable[str]) -> Tuple[str, ...]:
    """Who can read what is encrypted: ``age1…`` or an ssh public key, each once.

    Raises BadKey, which names the one that is none.
    """
    texts = tuple(dict.fromkeys(text.strip() for text in recipients))
    if len(texts) > MOST_RECIPIENTS:
        raise BadKey(f"at most {MOST_RECIPIENTS} recipients, not {len(texts)}")
    for text in texts:
        _recipient(text)
    return texts


def encrypt(source: BinaryIO, target: BinaryIO, recipients: Iterable[str]) -> Encrypted:
    """Encrypt all that ``source`` still has. Raises BadKey, and OSError of either file."""
    pyrage = _library()
    reading, writing = _Reading(source), _Writing(target)
    to = [_recipient(text) for text in recipients]
    try:
        pyrage.encrypt_io(reading, writing, to)
    except pyrage.EncryptError as error:
        _raise(reading, writing)
        raise OSError(str(error)) from None
    target.flush()
    return Encrypted(
        reading.size, reading.digest.hexdigest(), writing.size, writing.digest.hexdigest()
    )


@contextmanager
def encrypting(target: BinaryIO, recipients: Iterable[str]) -> Iterator[BinaryIO]:
    """A file to write to: it is in ``target``, encrypted, when the block ends without an error.

    Without recipients, ``target`` itself. What is written lies in memory until then. Raises
    NotInstalled, and OSError of ``target``.
    """
    to = tuple(recipients)
    if not to:
        yield target
        return
    with memory() as plain:
        yield plain
        plain.flush()
        plain.seek(0)
        try:
            encrypt(plain, target, to)
        except ImportError:
            _encrypt_by_program(plain, target, to)


def decrypt(source: BinaryIO, target: BinaryIO, keys: Keys) -> None:
    """Decrypt the file that ``source`` is at the beginning of.

    Raises NoKey, NotInstalled and CantDecrypt, and OSError of either file.
    """
    try:
        pyrage = _library()
    except ImportError:
        _decrypt_by_program(source, target, keys)
        return
    reading, writing = _Reading(source), _Writing(target)
    try:
        pyrage.decrypt_io(reading, writing, keys._identities)  # noqa: SLF001 - ours
    except pyrage.DecryptError as error:
        _raise(reading, writing)
        if "No matching keys" in str(error):
            raise NoKey("none of the keys here opens it") from None
        raise CantDecrypt("it is damaged, or no age file") from None
    except OSError:
        _raise(reading, writing)
        raise CantDecrypt("it is damaged") from None
    target.flush()


def opened(path: Path, keys: Keys) -> int:
    """A descriptor of what is in the file, which is in memory that has no name: for Linux.

    It is the caller's to close. Raises CantDecrypt and OSError.
    """
    if not hasattr(os, "memfd_create"):
        raise CantDecrypt("it can be decrypted by itself on Linux only; use the age program")
    with path.open("rb") as source, memory() as target:
        decrypt(source, target, keys)
        return os.dup(target.fileno())


@contextmanager
def memory() -> Iterator[BinaryIO]:
    """A file in memory that has no name, to be written and read in this block: for Linux."""
    with os.fdopen(os.memfd_create("plain", os.MFD_CLOEXEC), "w+b") as file:
        yield file


def plain_size(path: Path) -> int:
    """How large what is in the file is, which needs no key. Raises OSError and CantDecrypt."""
    with path.open("rb") as file:
        header = _HEADER.match(file.read(_MOST_HEADER_BYTES))
        size = os.fstat(file.fileno()).st_size
    payload = size - header.end() - _NONCE_BYTES if header else 0
    if payload < _TAG_BYTES:
        raise CantDecrypt(f"{path.name} is damaged, or no age file")
    return payload - _TAG_BYTES * -(-payload // (_CHUNK_BYTES + _TAG_BYTES))


def _library() -> Any:  # noqa: ANN401 - it has no types
    """Raises ImportError: customers' hosts don't have it."""
    import pyrage  # type: ignore[import-untyped] # noqa: PLC0415

    return pyrage


def _recipient(text: str) -> object:
    shown = ascii(text[:40])
    if len(text) > _MOST_RECIPIENT_CHARACTERS or not text.isprintable():
        raise BadKey(f"{shown} is no recipient")
    if text.upper().startswith("AGE-SECRET-KEY-"):
        raise BadKey("a recipient is a public key (age1…), and this is a secret one")
    try:
        pyrage = _library()
    except ImportError:
        if not text.startswith(("age1", "ssh-")):
            raise BadKey(f"{shown} is no recipient: age1… or an ssh public key") from None
        return None  # the program looks closer
    kind = pyrage.ssh if text.startswith("ssh-") else pyrage.x25519
    try:
        return kind.Recipient.from_str(text)
    except pyrage.RecipientError:
        raise BadKey(f"{shown} is no recipient: age1… or an ssh public key") from None


def _identities(path: Path, written: bytes) -> List[Any]:
    try:
        pyrage = _library()
    except ImportError:
        return []  # the program reads the file itself
    try:
        if written.startswith(b"-----BEGIN"):
            return [pyrage.ssh.Identity.from_buffer(written)]
        lines = [line.strip() for line in written.decode().splitlines()]
        found = [
            pyrage.x25519.Identity.from_str(line)
            for line in lines
            if line and not line.startswith("#")
        ]
    except (pyrage.IdentityError, UnicodeDecodeError):
        found = []
    if not found:
        raise BadKey(f"{path} holds no age key (age-keygen makes one) and no ssh key")
    return found


def _program(purpose: str) -> str:
    program = shutil.which("age")
    if program is None:
        raise NotInstalled(
            f"{purpose}, install age (apt install age, or https://age-encryption.org)"
        )
    return program


def _encrypt_by_program(source: BinaryIO, target: BinaryIO, recipients: Iterable[str]) -> None:
    arguments = [_program("to encrypt"), "--encrypt"]
    for text in recipients:
        arguments += ["--recipient", text]
    done = subprocess.run(
        arguments, stdin=source, stdout=target, stderr=subprocess.PIPE, check=False
    )
    if done.returncode != 0:
        raise BadKey(f"age says: {done.stderr.decode('utf-8', 'replace').strip()[:200]}")


def _decrypt_by_program(source: BinaryIO, target: BinaryIO, keys: Keys) -> None:
    arguments = [_program("it is encrypted: to read it"), "--decrypt"]
    for path in keys.files:
        arguments += ["--identity", str(path)]
    with subprocess.Popen(
        arguments, stdin=source, stdout=target, stderr=subprocess.PIPE
    ) as process:
        said = process.communicate()[1].decode("utf-8", "replace")
    if "no identity matched" in said:
        raise NoKey("none of the keys here opens it")
    if process.returncode != 0:
        raise CantDecrypt("it is damaged, or no age file")


class _Reading:
    """What pyrage reads from; counts, and keeps the error that pyrage makes a text of."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = 0
        self.digest = hashlib.sha256()
        self.failed: Optional[OSError] = None

    def read(self, size: int = -1) -> bytes:
        try:
            data = self._file.read(size)
        except OSError as error:
            self.failed = error
            raise
        self.size += len(data)
        self.digest.update(data)
        return data


class _Writing:
    """What pyrage writes to; the same."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = 0
        self.digest = hashlib.sha256()
        self.failed: Optional[OSError] = None

    def write(self, data: bytes) -> int:
        try:
            self._file.write(data)
        except OSError as error:
            self.failed = error
            raise
        self.size += len(data)
        self.digest.update(data)
        return len(data)

    def flush(self) -> None:
        with suppress(ValueError):
            self._file.flush()


def _raise(reading: _Reading, writing: _Writing) -> None:
    failed = reading.failed or writing.failed
    if failed is not None:
        raise failed from None
