"""The admin's commands about sessions at rest, as they are typed beside a running broker."""

import asyncio
import json
import os
import stat
import sys
from pathlib import Path

import pytest

from broker.server.at_rest import custody
from tests.server.at_rest.complete import (
    RECORDING,
    SECRET,
    STREAMS,
    Key,
    delivered,
    encrypting,
    is_sealed,
    sealed,
    until,
)
from tests.server.casts import CAST
from tests.server.conftest import Serve
from tests.server.peers import PATIENCE_SECONDS


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(custody, "_ROUND_SECONDS", 0.05)


async def jumpseat(*arguments: object, typed: str = "") -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "broker.cli", *map(str, arguments),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, env={**os.environ, "SUDO_USER": "carol"},
    )  # fmt: skip
    async with asyncio.timeout(PATIENCE_SECONDS):
        out, err = await process.communicate(typed.encode())
    return process.returncode or 0, out.decode(), err.decode()


async def test_what_is_sealed_is_read_with_the_identity(
    serve: Serve, data: Path, tmp_path: Path
) -> None:
    key = Key(tmp_path / "key")
    async with serve(encrypting(key)) as site:
        folder = data / "recordings" / await delivered(site)
        await sealed(site, folder, key)
        session = folder.name

        out = tmp_path / "out"
        export = ("export", session, "-o", out, "--data", data)
        status, _, said = await jumpseat(*export)
        assert status == 1
        assert f"encrypted to {key.to}" in said
        status, _, said = await jumpseat(*export, "--identity", key.path)
        assert (status, said) == (0, "")
        assert (out / CAST).read_bytes() == RECORDING
        commands = ("commands", session, "--data", data)
        assert (await jumpseat(*commands))[0] == 1
        assert (await jumpseat(*commands, "--identity", key.path))[0] == 0

        verify = ("verify", session, "--data", data)
        status, told, _ = await jumpseat(*verify, "--json")
        findings = json.loads(told)["findings"]
        assert (status, {one["code"] for one in findings}) == (1, {"sealed"})
        status, told, _ = await jumpseat(*verify, "--identity", key.path)
        assert (status, "VERIFIED" in told) == (0, True)
        assert is_sealed(folder)

        # What the broker can't open any more is found out with the key and without it.
        ciphertext = folder / f"{CAST}.age"
        damaged = bytearray(ciphertext.read_bytes())
        damaged[-1] ^= 1
        ciphertext.write_bytes(damaged)
        for more in ((), ("--identity", key.path)):
            status, told, _ = await jumpseat(*verify, "--json", *more)
            assert (status, json.loads(told)["findings"][0]["code"]) == (2, "sealed-digest")


async def test_an_encrypted_bundle_is_verified_with_the_key(
    serve: Serve, data: Path, tmp_path: Path
) -> None:
    key, other = Key(tmp_path / "key"), Key(tmp_path / "other")
    file = tmp_path / "session.age"
    async with serve(encrypting(key)) as site:
        folder = data / "recordings" / await delivered(site)
        await sealed(site, folder, key)
        bundle = ("bundle", folder.name, "-o", file, "--data", data, "--recipient", other.to)
        status, _, said = await jumpseat(*bundle)
        assert (status, f"encrypted to {key.to}: say --identity" in said) == (5, True)
        status, _, said = await jumpseat(*bundle, "--identity", key.path)
        assert (status, said) == (0, "")
        _, keys, _ = await jumpseat("keys", "--data", data, "--json")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert SECRET.encode() not in file.read_bytes()

    trusted = ("--key", json.loads(keys)[0]["key"])
    status, told, _ = await jumpseat("verify", file, *trusted, "--identity", other.path)
    assert (status, "VERIFIED" in told) == (0, True)
    status, _, said = await jumpseat("verify", file, *trusted, "--identity", key.path)
    assert (status, "none of the keys here opens it" in said) == (3, True)
    status, _, said = await jumpseat("verify", file)
    assert (status, "is encrypted: say --identity KEYFILE" in said) == (3, True)


async def test_encrypting_what_was_there_before(serve: Serve, data: Path, tmp_path: Path) -> None:
    key = Key(tmp_path / "key")
    async with serve() as site:
        folder = data / "recordings" / await delivered(site)
        status, _, said = await jumpseat("encrypt", "--data", data)
        assert (status, "names nobody to encrypt to" in said) == (5, True)
    async with serve(encrypting(key)) as site:
        await sealed(site, folder, key)
    new = Key(tmp_path / "new")
    async with serve(encrypting(new)):
        status, told, said = await jumpseat("encrypt", "--data", data)
        assert (status, "1 of 1 sessions could not be encrypted" in said) == (1, True)
        assert told.startswith(folder.name)
        assert key.to in told
    async with serve(encrypting(new, keys=(key,))) as site:
        status, told, _ = await jumpseat("encrypt", "--data", data)
        assert (status, told) == (0, f"{folder.name}  {len(STREAMS)} streams encrypted\n")
        await sealed(site, folder, new)


async def test_deleting_and_keeping(serve: Serve, data: Path) -> None:
    async with serve() as site:
        session = await delivered(site)
        folder = data / "recordings" / session
        delete = ("delete", session, "--why", "asked to", "--data", data)
        status, _, said = await jumpseat(*delete, typed="yes\n")
        assert (status, "nothing was deleted" in said) == (5, True)
        case = ("--case", "pool import hangs", "--data", data)
        status, told, _ = await jumpseat("keep", *case, "--why", "a dispute")
        assert (status, told) == (0, "case 'pool import hangs' is kept\n")
        status, _, said = await jumpseat(*delete, "--yes")
        assert (status, "it is kept, says carol: a dispute" in said) == (5, True)
        _, listed, _ = await jumpseat("sessions", "--data", data)
        assert listed.splitlines()[1].endswith("kept")
        nosuch = ("keep", "--case", "nosuch", "--why", "x", "--data", data)
        status, _, said = await jumpseat(*nosuch)
        assert (status, "there is no case" in said) == (3, True)
        assert (await jumpseat("keep", *case, "--release"))[0] == 0
        _, told, _ = await jumpseat("keep", "--list", "--data", data, "--json")
        (kept,) = json.loads(told)
        assert (kept["by"], kept["why"], kept["released_by"]) == ("carol", "a dispute", "carol")

        status, _, said = await jumpseat(*delete, typed=f"{session}\n")
        assert (status, said) == (0, "")
        await until(lambda: [path.name for path in folder.iterdir()] == ["receipts"])
        for command in ("export", "bundle"):
            gone = (command, session, "-o", data / "out", "--data", data)
            status, _, said = await jumpseat(*gone)
            assert (status, "deleted" in said, "by carol: asked to" in said) == (3, True, True)
    _, listed, _ = await jumpseat("sessions", "--data", data)
    assert "by carol: asked to" in listed
