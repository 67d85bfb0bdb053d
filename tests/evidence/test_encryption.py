import io
import os
import subprocess
from pathlib import Path
from typing import NoReturn

import pyrage  # type: ignore[import-untyped]
import pytest

from broker.evidence import encryption
from broker.evidence.encryption import (
    BadKey,
    CantDecrypt,
    Keys,
    NoKey,
    NotInstalled,
    check_recipients,
    decrypt,
    encrypt,
    encrypting,
    plain_size,
    read_keys,
)

AGE = "/usr/bin/age"


def key_file(folder: Path, name: str = "key") -> tuple[str, Path]:
    """A new key: its recipient, and the file, as age-keygen writes it."""
    identity = pyrage.x25519.Identity.generate()
    path = folder / name
    path.touch(0o600)
    path.write_text(f"# public key: {identity.to_public()}\n{identity}\n")
    return str(identity.to_public()), path


def opened(path: Path, keys: Keys) -> bytes:
    plain = io.BytesIO()
    with path.open("rb") as source:
        decrypt(source, plain, keys)
    return plain.getvalue()


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 200_000])
def test_what_was_encrypted_is_had_back_and_its_size_needs_no_key(
    tmp_path: Path, size: int
) -> None:
    data = os.urandom(size)
    alice, alices = key_file(tmp_path, "alice")
    bob, bobs = key_file(tmp_path, "bob")
    path = tmp_path / "file.age"
    with path.open("wb") as target:
        told = encrypt(io.BytesIO(data), target, [alice, bob])

    assert (told.plain_size, told.size) == (size, path.stat().st_size)
    assert plain_size(path) == size
    assert opened(path, read_keys([alices])) == opened(path, read_keys([bobs])) == data
    with pytest.raises(NoKey):
        opened(path, read_keys([key_file(tmp_path, "carol")[1]]))


@pytest.mark.skipif(not Path(AGE).exists(), reason="age is not installed")
def test_the_age_program_reads_it_and_writes_what_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to, file = key_file(tmp_path)
    data = os.urandom(70_000)
    ours, theirs = tmp_path / "ours.age", tmp_path / "theirs.age"
    with ours.open("wb") as target:
        encrypt(io.BytesIO(data), target, [to])
    read = subprocess.run([AGE, "-d", "-i", file, ours], check=True, capture_output=True)
    assert read.stdout == data
    subprocess.run([AGE, "-r", to, "-o", theirs], input=data, check=True)
    assert opened(theirs, read_keys([file])) == data

    # Where there is no library, the program reads.
    monkeypatch.setattr(encryption, "_library", _not_there)
    plain = tmp_path / "plain"
    with ours.open("rb") as source, plain.open("wb") as written:
        decrypt(source, written, read_keys([file]))
    assert plain.read_bytes() == data
    with ours.open("rb") as source, plain.open("wb") as written, pytest.raises(NoKey):
        decrypt(source, written, read_keys([key_file(tmp_path, "other")[1]]))
    monkeypatch.setenv("PATH", "/nowhere")
    with ours.open("rb") as source, plain.open("wb") as written, pytest.raises(NotInstalled):
        decrypt(source, written, read_keys([file]))


@pytest.mark.parametrize("has_library", [True, False])
@pytest.mark.skipif(not Path(AGE).exists(), reason="age is not installed")
def test_what_is_written_is_encrypted_with_what_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_library: bool
) -> None:
    to, file = key_file(tmp_path)
    path = tmp_path / "file.age"
    with monkeypatch.context() as host:
        if not has_library:
            host.setattr(encryption, "_library", _not_there)
        with path.open("wb") as target, encrypting(target, check_recipients([to])) as plain:
            plain.write(b"text")
        for text in ("age1x", "age1" + "q" * 58):
            with (
                path.with_name("none").open("wb") as none,
                pytest.raises(BadKey),
                encrypting(none, check_recipients([text])) as plain,
            ):
                plain.write(b"text")
    assert opened(path, read_keys([file])) == b"text"
    with path.open("wb") as target, encrypting(target, ()) as plain:
        plain.write(b"text")
    assert path.read_bytes() == b"text"


def _not_there() -> NoReturn:
    raise ImportError


def test_damage_is_told_wherever_it_is(tmp_path: Path) -> None:
    to, file = key_file(tmp_path)
    whole = io.BytesIO()
    encrypt(io.BytesIO(bytes(200_000)), whole, [to])
    keys, path = read_keys([file]), tmp_path / "file.age"
    for at in (0, 30, 60, 150, 300, 70_000, len(whole.getvalue()) - 1):
        flipped = bytearray(whole.getvalue())
        flipped[at] ^= 1
        path.write_bytes(flipped)
        with pytest.raises(CantDecrypt):
            opened(path, keys)
    for size in (0, 10, 150, 200, 70_000):
        path.write_bytes(whole.getvalue()[:size])
        with pytest.raises(CantDecrypt):
            opened(path, keys)


def test_errors_of_the_disk_stay_what_they_are(tmp_path: Path) -> None:
    to, _ = key_file(tmp_path)
    with Path("/dev/full").open("wb", buffering=0) as full, pytest.raises(OSError, match="space"):
        encrypt(io.BytesIO(bytes(200_000)), full, [to])


def test_keys_that_are_none(tmp_path: Path) -> None:
    _, file = key_file(tmp_path)
    secret = file.read_text().splitlines()[1]
    for text in ("", "age1x", "ssh-ed25519 x", "-r", "\n", secret, "age1" + "q" * 2000):
        with pytest.raises(BadKey) as raised:
            check_recipients([text])
        assert secret not in str(raised.value)
    with pytest.raises(BadKey, match="at most 20"):
        check_recipients(f"age1{n}" for n in range(21))

    file.chmod(0o640)
    with pytest.raises(BadKey, match="chmod 600"):
        read_keys([file])
    with pytest.raises(BadKey, match="No such file"):
        read_keys([tmp_path / "nothing"])
    for text in ("", "# no key\n", "nonsense\n", secret[:-1]):
        file.write_text(text)
        file.chmod(0o600)
        with pytest.raises(BadKey, match="holds no age key") as raised:
            read_keys([file])
        assert secret[:-1] not in str(raised.value)


def test_keys_of_ssh(tmp_path: Path) -> None:
    path = tmp_path / "id"
    subprocess.run(["/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    to = " ".join(path.with_suffix(".pub").read_text().split()[:2])
    file = tmp_path / "file.age"
    with file.open("wb") as target:
        encrypt(io.BytesIO(b"text"), target, check_recipients([to]))
    assert opened(file, read_keys([path])) == b"text"
