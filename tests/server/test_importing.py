"""Sessions that come in a bundle: new ones, the rest of old ones, and what is refused."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from broker.cli.failure import REFUSED, Failed
from broker.cli.running import ask
from broker.evidence.encryption import encrypt
from broker.evidence.folder import Folder
from broker.evidence.verifying import Verified, verify
from broker.recording.verification import Verdict
from broker.server.identity import read
from broker.wire.messages import Append, Held
from tests.cli import test_commands as commands
from tests.evidence.sessions_made import (
    AT,
    CAST,
    LOG,
    SESSION,
    bundle,
    cast,
    folder,
    log,
    repacked,
    signed,
)
from tests.evidence.test_encryption import key_file
from tests.server.conftest import Serve
from tests.server.peers import Site

WHOLE = len(log()) + len(cast())


async def import_(data: Path, path: Path) -> dict[str, Any]:
    return await ask(data, "import", path=str(path))


async def refused(data: Path, path: Path) -> str:
    with pytest.raises(Failed) as failed:
        await import_(data, path)
    assert failed.value.status == REFUSED
    return failed.value.message


def judged(data: Path, session: str) -> Verified:
    keys = {str(one["key"]) for one in read(data).as_json()}
    return verify(Folder(data / "recordings" / session, session), keys)


async def delivered(site: Site, streams: Mapping[str, bytes]) -> str:
    """A session of which the host has sent so much, and has gone."""
    granted = await site.grant()
    session = str(granted["session"])
    async with site.connected(granted) as (host, _):
        for name, size in (streams or {}).items():
            part = {LOG: log(session), CAST: cast()}[name][: len(size)]
            await host.send(Append(name, 0, part))
            await host.wait(
                Held,
                lambda held, name=name, part=part: (held.stream, held.offset) == (name, len(part)),  # type: ignore[misc]
            )
    return session


async def is_lost(site: Site, session: str) -> None:
    """Return when the broker knows that the host is gone."""
    async with site.viewing(session) as viewer:
        while viewer.present is None or viewer.present.state != "link-lost":
            assert await viewer.next() is not None


async def test_a_session_that_no_broker_knew_is_taken_in_once(
    site: Site, data: Path, tmp_path: Path
) -> None:
    carried = bundle(tmp_path / "s.zip", folder(tmp_path / "s", b""))
    expected = {"session": SESSION, "added": WHOLE, "complete": True}
    assert await import_(data, carried) == expected
    assert await import_(data, carried) == {**expected, "added": 0}
    found = judged(data, SESSION)
    assert (found.judgement.verdict, found.judgement.findings) == (Verdict.VERIFIED, ())
    assert {one.kind for one in found.stretches} == {"attested", "gap"}
    told = await site.summary(SESSION)
    assert (told["case"]["title"], told["engineer"]) == ("disk <full>", "alice")
    assert (told["host"]["name"], told["mode"], told["created"]) == ("web1", "control", AT)
    assert told["imported"] > AT
    assert told["presence"]["state"] == "ended"
    assert await site.stream(SESSION, CAST) == cast()

    # What comes out again verifies, and is of no other account than what went in.
    again = bundle(tmp_path / "again.zip", data / "recordings" / SESSION)
    assert (await import_(data, again))["added"] == 0


async def test_a_session_that_goes_on_is_taken_in_as_far_as_it_is(
    serve: Serve, data: Path, tmp_path: Path
) -> None:
    begun = bundle(tmp_path / "a.zip", folder(tmp_path / "a", b"", log=log(ended=False)))
    whole = bundle(tmp_path / "b.zip", folder(tmp_path / "b", b""))
    async with serve():
        assert not (await import_(data, begun))["complete"]
        added = len(log()) - len(log(ended=False))
        assert await import_(data, whole) == {"session": SESSION, "added": added, "complete": True}
        assert (await import_(data, begun))["added"] == 0
    async with serve() as site:
        assert (await site.summary(SESSION))["imported"]
    assert judged(data, SESSION).judgement.verdict is Verdict.VERIFIED


async def test_what_a_link_did_not_bring_is_added(site: Site, data: Path, tmp_path: Path) -> None:
    session = await delivered(site, {LOG: log()[:300], CAST: cast()[:99]})
    await is_lost(site, session)
    carried = bundle(tmp_path / "s.zip", folder(tmp_path / "s", b"", log=log(session)))
    told = await import_(data, carried)
    assert told == {
        "session": session,
        "added": len(log(session)) - 300 + len(cast()) - 99,
        "complete": True,
    }
    assert judged(data, session).judgement.verdict is Verdict.VERIFIED
    assert (await site.summary(session))["imported"] is None, "it came by an invitation"


async def test_receipts_that_were_lost_with_a_disk_are_adopted(
    serve: Serve, data: Path, tmp_path: Path
) -> None:
    async with serve() as site:
        session = await delivered(site, {LOG: log()[:300]})
        await is_lost(site, session)
    backup = tmp_path / "backup"
    shutil.copytree(data, backup)
    full = bundle(tmp_path / "s.zip", folder(tmp_path / "s", b"", log=log(session)))
    async with serve():
        assert (await import_(data, full))["complete"]
    lost = bundle(tmp_path / "lost.zip", data / "recordings" / session)
    receipts = (data / "recordings" / session / "receipts").read_bytes()
    shutil.rmtree(data)
    shutil.copytree(backup, data)
    async with serve():
        assert (await import_(data, lost))["complete"]
        assert (data / "recordings" / session / "receipts").read_bytes() == receipts
    assert judged(data, session).judgement.verdict is Verdict.VERIFIED


async def test_what_does_not_belong_here_is_refused(site: Site, data: Path, tmp_path: Path) -> None:
    others = bundle(tmp_path / "o.zip", folder(tmp_path / "o", signed().completes().file))
    assert "another broker's" in await refused(data, others)

    granted = await site.grant()
    session = str(granted["session"])
    carried = bundle(tmp_path / "s.zip", folder(tmp_path / "s", b"", log=log(session)))
    async with site.connected(granted) as (host, _):
        assert "delivers by itself" in await refused(data, carried)
        await host.send(Append(CAST, 0, b"another recording"))
        await host.wait(Held)
    await is_lost(site, session)
    assert f"{CAST} is another here" in await refused(data, carried)

    offline = bundle(tmp_path / "s1.zip", folder(tmp_path / "s1", b""))
    await import_(data, offline)
    more = repacked(offline, lambda files: files.update({f"streams/{CAST}": cast() + b"[9]\n"}))
    assert "is complete here without all" in await refused(data, more)
    damaged = tmp_path / "d.zip"
    damaged.write_bytes(offline.read_bytes()[:-100])
    assert await refused(data, damaged)
    assert await site.stream(SESSION, CAST) == cast()


async def test_the_command_verifies_and_decrypts_first(
    site: Site, data: Path, tmp_path: Path
) -> None:
    assert site.url
    plain = bundle(tmp_path / "s.zip", folder(tmp_path / "s", b""))
    to, key = key_file(tmp_path)
    encrypted = tmp_path / "s.zip.age"
    with plain.open("rb") as source, encrypted.open("wb") as target:
        encrypt(source, target, [to])

    async def run(*arguments: str) -> tuple[int, str, str]:
        return await asyncio.to_thread(commands.run, "import", *arguments, "--data", str(data))

    forged = repacked(plain, lambda files: files.update({f"streams/{LOG}": b"{}\n"}))
    status, _, err = await run(str(forged))
    assert status == REFUSED
    assert "not imported: REJECTED" in err
    assert f"streams/{LOG} is not as the manifest says" in err
    status, _, err = await run(str(encrypted))
    assert (status, "s.zip.age is encrypted: say --identity" in err) == (1, True)
    status, out, err = await run(str(encrypted), "--identity", str(key))
    assert (status, f"{WHOLE} bytes were new here. It is complete." in out) == (0, True), err
    assert not any(name.startswith(".import") for name in os.listdir(data))  # noqa: PTH208
