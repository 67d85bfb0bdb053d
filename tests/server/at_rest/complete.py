"""Sessions that are complete, and what lies in their folders."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import aiohttp
import pyrage  # type: ignore[import-untyped]

from broker.evidence.encryption import Keys, read_keys
from broker.recording.receipts import read
from broker.recording.verification import Bytes, Ciphertext, Verdict, judge, offsets
from broker.server.admin import SOCKET
from broker.server.at_rest import sealing
from broker.server.at_rest.settings import AtRest
from broker.server.configuration import Configuration
from broker.wire.messages import Append, Complete, Held, Leave
from tests.server.casts import CAST, LOG, cast, entry, started
from tests.server.peers import PATIENCE_SECONDS, Peer, Site

SECRET = "xyzzysecret"
RECORDING = cast([f"{SECRET} {n}\r\n".encode() for n in range(300)])
STREAMS = (LOG, CAST)


def written(session: str) -> dict[str, bytes]:
    """What its host has written of a session."""
    log = started().replace(b'"session": "s"', f'"session": "{session}"'.encode())
    log += entry(1.0, "opened", terminal=CAST, cols=80, rows=24)
    return {LOG: log + entry(9.0, "ended", by="customer", why="exit"), CAST: RECORDING}


class Key:
    """An age key: whom it is encrypted to, and the file."""

    def __init__(self, path: Path) -> None:
        identity = pyrage.x25519.Identity.generate()
        self.to = str(identity.to_public())
        self.path = path
        path.touch(0o600)
        path.write_text(f"{identity}\n")


def encrypting(*to: Key, keys: tuple[Key, ...] = (), search: bool = False) -> Configuration:
    held = read_keys(one.path for one in keys) if keys else Keys()
    return Configuration(at_rest=AtRest(tuple(one.to for one in to), held, search))


async def send(host: Peer, streams: dict[str, bytes]) -> None:
    for name, data in streams.items():
        await host.send(Append(name, 0, data))
        end = len(data)
        await host.wait(Held, lambda held: (held.stream, held.offset) == (name, end))  # noqa: B023


async def delivered(site: Site) -> str:
    """A session that is complete."""
    granted = await site.grant()
    async with site.connected(granted) as (host, _):
        streams = written(granted["session"])
        await send(host, streams)
        await host.send(Complete({name: len(data) for name, data in streams.items()}))
        await host.wait(Append, lambda got: b'"kind":"complete"' in got.data)
        await host.send(Leave("ended"))
        await host.closed()
    return str(granted["session"])


async def until(test: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not test():  # noqa: ASYNC110 - files tell nobody
            await asyncio.sleep(0.01)


def is_sealed(folder: Path) -> bool:
    """Sealed, and nothing else left of its streams."""
    return {path.name for path in folder.iterdir()} == {
        "receipts", *(f"{name}.age" for name in STREAMS)
    }  # fmt: skip


async def sealed(site: Site, folder: Path, *to: Key) -> dict[str, Any]:
    """The summary of this session when it is sealed to these, and says so."""
    await until(lambda: is_sealed(folder))
    whom = [one.to for one in to]
    return await summary(site, folder.name, lambda session: session["sealed"] == whom)


async def summary(
    site: Site, session: str, test: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """The summary of a session when it passes."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not test(now := await site.summary(session)):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return now


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


async def found(site: Site, session: str, q: str) -> int:
    async with site.engineer.get("/api/search", params={"q": q, "session": session}) as got:
        return len((await got.json())["hits"])


async def is_found(site: Site, session: str, q: str) -> None:
    """The index has it; whose process tells nobody when."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await found(site, session, q):  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.01)


async def is_forgotten(site: Site, session: str, q: str) -> None:
    """The index does not have it any more."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await found(site, session, q):  # noqa: ASYNC110 - its process tells nobody
            await asyncio.sleep(0.01)


def judged(folder: Path, key: Key | None = None) -> tuple[Verdict, list[str]]:
    """What the receipts prove of what lies in a session's folder."""
    receipts = read(folder.name, (folder / "receipts").read_bytes())
    streams: dict[str, Bytes | Ciphertext] = {}
    for name in sealing.streams(folder):
        path = folder / f"{name}.age"
        if key is None:
            size, digest = sealing._digest(path)
            streams[name] = Ciphertext(size, digest)
        else:
            shown = opened(path, key)
            digests = {at: sha256(shown[:at]).hexdigest() for at in offsets(receipts).get(name, ())}
            streams[name] = Bytes(len(shown), digests)
    told = judge(receipts, streams, {receipts.chain.signers[0][0]})
    return told.verdict, [one.code.value for one in told.findings]


def is_nowhere(data: Path, text: str) -> bool:
    for path in data.rglob("*"):
        with suppress(FileNotFoundError):  # a database's, which is gone with its last reader
            if path.is_file() and text.encode() in path.read_bytes():
                return False
    return True


async def killed(data: Path, pages: Path, config: Path, point: str) -> None:
    """Run a broker until it is killed at this point."""
    broker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.server.at_rest.killed_broker", data, pages, config, point,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(PATIENCE_SECONDS):
        said, _ = await broker.communicate()
    assert broker.returncode == -signal.SIGKILL, said.decode()


def opened(path: Path, key: Key) -> bytes:
    """By the age program."""
    return subprocess.run(
        ["age", "-d", "-i", key.path, path], check=True, capture_output=True
    ).stdout
