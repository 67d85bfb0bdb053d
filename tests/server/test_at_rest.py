"""Sessions when they are complete: sealed, read again, sealed to others, deleted, kept."""

import asyncio
import json
import os
import subprocess
from hashlib import sha256
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pyrage  # type: ignore[import-untyped]
import pytest

from broker.evidence.encryption import Keys, read_keys
from broker.recording.receipts import Phase, read
from broker.recording.verification import Bytes, Ciphertext, Verdict, judge, offsets
from broker.server.admin import SOCKET
from broker.server.at_rest import custody, sealing, standing
from broker.server.at_rest.settings import AtRest, Retention
from broker.server.configuration import Configuration
from broker.server.search import indexer
from broker.wire.messages import Append, Complete, Held, Leave
from tests.server.casts import CAST, LOG, cast, entry, started
from tests.server.conftest import Serve
from tests.server.peers import PATIENCE_SECONDS, Peer, Site

SECRET = "xyzzysecret"
RECORDING = cast([f"{SECRET} {n}\r\n".encode() for n in range(300)])
WRITTEN = {
    LOG: started() + entry(1.0, "opened", terminal=CAST, cols=80, rows=24)
    + entry(9.0, "ended", by="customer", why="exit"),
    CAST: RECORDING,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(custody, "_ROUND_SECONDS", 0.05)
    monkeypatch.setattr(indexer, "_PAUSE_SECONDS", 0.02)


class Key:
    """An age key: whom it is encrypted to, and the file."""

    def __init__(self, path: Path) -> None:
        identity = pyrage.x25519.Identity.generate()
        self.to = str(identity.to_public())
        self.path = path
        path.touch(0o600)
        path.write_text(f"{identity}\n")


@pytest.fixture
def key(tmp_path: Path) -> Key:
    return Key(tmp_path / "key")


def encrypting(*to: Key, keys: tuple[Key, ...] = (), search: bool = False) -> Configuration:
    held = read_keys(one.path for one in keys) if keys else Keys()
    return Configuration(at_rest=AtRest(tuple(one.to for one in to), held, search))


async def send(host: Peer, streams: dict[str, bytes]) -> None:
    for name, data in streams.items():
        await host.send(Append(name, 0, data))
        end = len(data)
        await host.wait(
            Held, lambda held, name=name, end=end: (held.stream, held.offset) == (name, end)
        )  # type: ignore[misc]  # noqa: E501


async def delivered(site: Site) -> str:
    """A session that is complete."""
    granted = await site.grant()
    async with site.connected(granted) as (host, _):
        await send(host, WRITTEN)
        await host.send(Complete({name: len(data) for name, data in WRITTEN.items()}))
        await host.wait(Append, lambda got: b'"kind":"complete"' in got.data)
        await host.send(Leave("ended"))
        await host.closed()
    return str(granted["session"])


async def until(test: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not test():
            await asyncio.sleep(0.01)


def is_sealed(folder: Path) -> bool:
    """Sealed, and nothing else left of its streams."""
    return {path.name for path in folder.iterdir()} == {
        "receipts", *(f"{name}.age" for name in WRITTEN)
    }  # fmt: skip


async def ask(data: Path, command: str, **arguments: object) -> tuple[int, dict[str, Any]]:
    connector = aiohttp.UnixConnector(str(data / SOCKET))
    async with (
        aiohttp.ClientSession(connector=connector) as client,
        client.post(f"http://broker/{command}", json=arguments) as got,
    ):
        return got.status, await got.json()


async def refusal(site: Site, path: str) -> tuple[int, str, str]:
    async with site.engineer.get(path) as got:
        told = await got.json()
        return got.status, told["error"]["code"], told["error"]["message"]


async def found(site: Site, q: str) -> int:
    async with site.engineer.get("/api/search", params={"q": q}) as got:
        return len((await got.json())["hits"])


def judged(folder: Path, key: Key | None = None) -> tuple[Verdict, list[str]]:
    """What the receipts prove of what lies in a session's folder."""
    receipts = read(folder.name, (folder / "receipts").read_bytes())
    streams: dict[str, Bytes | Ciphertext] = {}
    for name in sealing.streams(folder):
        path = folder / f"{name}.age"
        if key is None:
            size, digest = sealing._digest(path)  # noqa: SLF001
            streams[name] = Ciphertext(size, digest)
        else:
            shown = subprocess.run(
                ["age", "-d", "-i", key.path, path], check=True, capture_output=True
            ).stdout
            digests = {at: sha256(shown[:at]).hexdigest() for at in offsets(receipts).get(name, ())}
            streams[name] = Bytes(len(shown), digests)
    told = judge(receipts, streams, {receipts.chain.signers[0][0]})
    return told.verdict, [one.code.value for one in told.findings]


async def test_a_complete_session_is_sealed_and_no_plaintext_is_left(
    serve: Serve, data: Path, key: Key
) -> None:
    async with serve(encrypting(key)) as site:
        session = await delivered(site)
        folder = data / "recordings" / session
        await until(lambda: is_sealed(folder))
        told = await site.summary(session)
        assert told["sealed"] == [key.to]
        assert {one["name"]: one["size"] for one in told["streams"]} == {
            name: len(written) for name, written in WRITTEN.items()
        }
        for path in (f"streams/{CAST}", f"streams/{CAST}?as=v3", "timeline", "commands"):
            status, code, said = await refusal(site, f"/api/sessions/{session}/{path}")
            assert (status, code) == (409, "sealed")
            assert key.to in said
        assert await found(site, SECRET) == 0
        assert judged(folder) == (Verdict.UNANCHORED, ["sealed", "sealed"])
        await until(lambda: is_nowhere(data, SECRET))

    # After a restart there is nothing else to tell, and with a key all is there.
    async with serve(encrypting(key)) as site:
        again = await site.summary(session)
        assert again["sealed"] == [key.to]
        assert again["presence"]["state"] == told["presence"]["state"]
    async with serve(encrypting(key, keys=(key,))) as site:
        assert (await site.summary(session))["recorder"] == told["recorder"]
        for name, written in WRITTEN.items():
            assert await site.stream(session, name) == written
        async with site.engineer.get(f"/api/sessions/{session}/timeline") as got:
            assert got.status == 200
        assert is_sealed(folder)
        async with site.viewing(session) as viewer:
            await viewer.watch(CAST, 0)
            await viewer.reaches(CAST, len(RECORDING))
            assert viewer.data[CAST] == RECORDING


def is_nowhere(data: Path, text: str) -> bool:
    return not any(text.encode() in path.read_bytes() for path in data.rglob("*") if path.is_file())
