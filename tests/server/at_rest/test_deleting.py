"""Sessions are deleted by retention or by command, or kept; a tombstone stays."""

import time
from pathlib import Path

import pytest

from broker.recording.receipts import Phase, read
from broker.recording.verification import Verdict
from broker.server.at_rest import custody, standing
from broker.server.at_rest.retention import Subject, due
from broker.server.at_rest.settings import Retention
from broker.server.configuration import Configuration
from broker.server.search import indexer
from tests.server.at_rest.complete import (
    RECORDING,
    SECRET,
    STREAMS,
    Key,
    ask,
    delivered,
    encrypting,
    is_forgotten,
    is_nowhere,
    judged,
    killed,
    refusal,
    sealed,
    send,
    summary,
    until,
)
from tests.server.casts import CAST, LOG, entry, started
from tests.server.conftest import Serve
from tests.server.peers import Peer, Site, hello


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(custody, "_ROUND_SECONDS", 0.05)
    monkeypatch.setattr(indexer, "_PAUSE_SECONDS", 0.02)


@pytest.fixture
def key(tmp_path: Path) -> Key:
    return Key(tmp_path / "key")


# --- deleting -----------------------------------------------------------------------------------


def keeping_for(days: int, **cases: int) -> Configuration:
    return Configuration(retention=Retention(days, cases))


async def is_gone(site: Site, session: str, by: str, why: str) -> None:
    told = await site.summary(session)
    assert (told["deleted"]["by"], told["deleted"]["why"]) == (by, why)
    assert told["streams"] == []
    for path in (f"streams/{CAST}", "timeline", "commands", "away"):
        status, code, said = await refusal(site, f"/api/sessions/{session}/{path}")
        assert (status, code) == (410, "gone")
        assert said.endswith(f"by {by}: {why}")
    await is_forgotten(site, session, SECRET)


async def test_deleting_leaves_a_tombstone(
    serve: Serve, data: Path, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serve(encrypting(key, keys=(key,))) as site:
        folder = data / "recordings" / await delivered(site)
        session = folder.name
        await sealed(site, folder, key)
        assert await site.stream(session, CAST) == RECORDING
        why = "the customer asked for it"
        assert (await ask(data, "delete", session=session, why=why, by="root"))[0] == 200
        assert [path.name for path in folder.iterdir()] == ["receipts"]
        await is_gone(site, session, "root", why)
        status, told = await ask(data, "delete", session=session, why=why, by="root")
        assert (status, told["error"]["message"]) == (403, "it was deleted before")
    assert read(session, (folder / "receipts").read_bytes()).chain.phase is Phase.DELETED
    assert judged(folder) == (Verdict.UNANCHORED, ["deleted"])
    async with serve() as site:
        await is_gone(site, session, "root", why)
        await until(lambda: is_nowhere(data, SECRET))


async def test_what_lasts_is_not_deleted(serve: Serve, data: Path) -> None:
    async with serve() as site:
        granted = await site.grant()
        session = granted["session"]
        async with site.connected(granted) as (host, _):
            await send(host, {LOG: started(), CAST: RECORDING})
            _, told = await ask(data, "delete", session=session, why="x", by="root")
            assert told["error"]["message"] == "its host is connected"
        await summary(site, session, lambda now: now["presence"]["state"] == "link-lost")
        _, told = await ask(data, "delete", session=session, why="x", by="root")
        assert told["error"]["message"] == "it goes on: its grant has not ended"
        for why in ("", "two\nlines", "x" * 501):
            status, told = await ask(data, "delete", session=session, why=why, by="root")
            assert (status, told["error"]["code"]) == (400, "bad-request")
        status, told = await ask(data, "delete", session="nosuch", why="x", by="root")
        assert (status, told["error"]["code"]) == (404, "unknown-session")
        assert await site.stream(session, CAST) == RECORDING


async def test_what_never_was_complete_is_deleted_when_its_grant_has_ended(
    serve: Serve, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serve(keeping_for(1)) as site:
        granted = await site.grant()
        session = granted["session"]
        async with site.connected(granted) as (host, _):
            await send(host, {LOG: started(), CAST: RECORDING})
        await summary(site, session, lambda now: now["presence"]["state"] == "link-lost")
    later = time.time() + 3 * 86400
    monkeypatch.setattr(custody, "now", lambda: later)
    async with serve(keeping_for(1)) as site:
        assert await site.stream(session, CAST) == RECORDING
        status, _ = await ask(data, "delete", session=session, why="nobody came", by="root")
        assert status == 200
        await is_gone(site, session, "root", "nobody came")
        async with site.host.ws_connect("/api/host") as ws:
            host = Peer(ws)
            await host.send(hello(granted))
            error = await host.closed()
        assert error is not None
        assert (error.code, "deleted its copy" in error.message) == ("ended", True)


async def test_what_never_was_complete_goes_on_as_long_as_its_grant_was_extended(
    serve: Serve, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = time.time()
    up = entry(0.5, "link_up", wall=began, broker_wall=began, cause="", since=0.5)
    async with serve() as site:
        sessions = []
        for until in (7200.0, 9e9):  # from 600 s; the other host says more than any grant lasts
            granted = await site.grant()
            sessions.append(granted["session"])
            async with site.connected(granted) as (host, _):
                words = {"text": "terms", "text_sha256": "0" * 64, "answer": "I agree"}
                extended = entry(1.0, "extended", by="customer", until=until, **words)
                await send(host, {LOG: started() + up + extended})
            await summary(site, sessions[-1], lambda now: now["presence"]["state"] == "link-lost")
        for after, statuses in ((3600, (403, 403)), (8000, (200, 403)), (400 * 3600, (403, 200))):
            monkeypatch.setattr(custody, "now", lambda after=after: began + after)
            for session, status in zip(sessions, statuses, strict=True):
                told = await ask(data, "delete", session=session, why="x", by="root")
                assert told[0] == status, (after, told)


async def test_retention_deletes_what_is_due_and_not_kept(
    serve: Serve, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serve(keeping_for(30)) as site:
        old, kept = await delivered(site), await delivered(site)
        status, _ = await ask(data, "keep", session=kept, why="a dispute", by="alice")
        assert status == 200
        told = await site.summary(kept)
        assert (told["kept"]["by"], told["kept"]["why"]) == ("alice", "a dispute")
        status, told = await ask(data, "delete", session=kept, why="x", by="root")
        assert (status, told["error"]["message"]) == (403, "it is kept, says alice: a dispute")

    later = time.time() + 30 * 86400 + 60
    monkeypatch.setattr(custody, "now", lambda: later)
    async with serve(keeping_for(30)) as site:
        await until(lambda: not (data / "recordings" / old / CAST).exists())
        await summary(site, old, lambda now: now["deleted"] is not None)
        await is_gone(site, old, "retention", "30 days have passed")
        assert await site.stream(kept, CAST) == RECORDING
        assert (await ask(data, "release", session=kept, by="bob"))[0] == 200
        assert (await site.summary(kept))["kept"] is None
        assert (await ask(data, "release", session=kept, by="bob"))[0] == 404
    async with serve(keeping_for(30)) as site:
        await until(lambda: not (data / "recordings" / kept / CAST).exists())


def test_what_is_due() -> None:
    day = 86400.0
    rules = Retention(365, {"short": 1, "ever": 0})
    subjects = [
        Subject("old", "c", 0.0, kept=False),
        Subject("kept", "c", 0.0, kept=True),
        Subject("goes on", "c", None, kept=False),
        Subject("young", "c", 1.0, kept=False),
        Subject("short", "short", 364 * day, kept=False),
        Subject("ever", "ever", 0.0, kept=False),
    ]
    assert list(due(subjects, rules, 365 * day)) == [
        ("old", "365 days have passed"), ("short", "1 day has passed")
    ]  # fmt: skip
    assert not list(due(subjects, Retention(), 1e12))


async def test_a_kill_amid_deleting_is_finished_at_the_next_start(
    serve: Serve, data: Path, pages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serve() as site:
        folder = data / "recordings" / await delivered(site)
    original = {path.name: path.read_bytes() for path in folder.iterdir()}
    config = tmp_path / "broker.toml"
    config.write_text("[retention]\ndays = 1\n")
    for point, signed in (("say:1:before", False), ("say:1:after", True), ("unlink:1:after", True)):
        # The broker's clock is two days on.
        monkeypatch.setenv("CLOCK_AHEAD", str(2 * 86400))
        await killed(data, pages, config, point)
        monkeypatch.delenv("CLOCK_AHEAD")
        there = {path.name for path in folder.iterdir()} - {"receipts"}
        assert (standing.read(folder).deleted is not None) == signed
        if not signed:
            assert there == set(STREAMS)
            continue
        assert there
        async with serve() as site:
            assert [path.name for path in folder.iterdir()] == ["receipts"]
            await is_gone(site, folder.name, "retention", "1 day has passed")
        for name, written in original.items():
            (folder / name).write_bytes(written)
