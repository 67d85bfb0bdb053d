"""What the broker signs: on the real server, read and judged as a verifier does."""

import asyncio
import errno
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from broker.cli.running import ask
from broker.recording.receipts import Code, Receipts, lines
from broker.recording.verification import Bytes, Judgement, Verdict, judge, offsets
from broker.server import receipt_times
from broker.server.identity import load_or_make
from broker.server.stores.metadata import Metadata
from broker.server.stores.recordings import Recordings
from broker.wire.messages import Append, Complete, Error, Held, Leave, Present, Refused
from broker.wire.names import RECEIPTS
from tests.journeys.waiting import until
from tests.server.casts import CAST, LOG, cast, entry, started
from tests.server.conftest import Serve
from tests.server.peers import Peer, Site, hello

# Session times lie ahead of the links' 0 s, so that no machine is too slow to observe them.
RECORDING = re.sub(
    rb"^\[", b"[10", cast([b"line %d\r\n" % number for number in range(300)]), flags=re.MULTILINE
)
END = entry(109.0, "closed", terminal=CAST, status=0) + entry(109.1, "ended", by="x", why="end")


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipt_times, "EVERY_SECONDS", 0.02)


def log_of(session: str, more: bytes = b"") -> bytes:
    first = started(t=100.0).replace(b'"session": "s"', b'"session": "%s"' % session.encode())
    return first + more


def judged(found: Receipts, streams: Mapping[str, bytes], trusted: str) -> Judgement:
    there = {
        name: Bytes(
            len(data),
            {
                at: hashlib.sha256(data[:at]).hexdigest()
                for at in offsets(found).get(name, ())
                if at <= len(data)
            },
        )
        for name, data in streams.items()
    }
    return judge(found, there, {trusted})


async def send(host: Peer, stream: str, data: bytes, start: int = 0) -> None:
    """All of it, held and signed for."""
    for at in range(start, len(data), 5000):
        await host.send(Append(stream, at, data[at : at + 5000]))


async def signed_for(host: Peer, session: str, streams: Mapping[str, bytes]) -> Receipts:
    for name, data in streams.items():
        await host.covered(session, name, len(data))
    return host.signed(session)


async def fetched(site: Site, session: str) -> bytes:
    async with site.engineer.get(f"/api/sessions/{session}/receipts") as got:
        assert (got.status, got.content_type) == (200, "text/plain")
        return await got.read()


async def evidence(site: Site, session: str) -> dict[str, Any]:
    async with site.engineer.get(f"/api/sessions/{session}/evidence") as got:
        assert got.status == 200, await got.text()
        told: dict[str, Any] = await got.json()
        return told


async def refused(host: Peer) -> str:
    error = await host.closed()
    assert error is not None
    return error.code


async def test_what_is_held_is_signed_for_and_the_end_of_all_makes_it_verified(
    serve: Serve, data: Path
) -> None:
    async with serve() as site:
        granted = await site.grant()
        session = granted["session"]
        assert await fetched(site, session) == b""
        log = log_of(session, END)
        streams = {LOG: log, CAST: RECORDING}
        async with site.connected(granted) as (host, welcome):
            assert welcome.held == {RECEIPTS: 0}
            for name, written in streams.items():
                await send(host, name, written)
            found = await signed_for(host, session, streams)
            assert [one.kind for one in found.statements[:2]] == ["began", "linked"]
            assert found.statements[1].fields == {"run": 1, "t": 0}
            key = load_or_make(data).ring.signer.fingerprint
            so_far = judged(found, streams, key)
            assert [one.code for one in so_far.findings] == [Code.NOT_COMPLETE]
            assert await fetched(site, session) == host.receipts

            told = {name: len(written) for name, written in streams.items()}
            found = await host.deliver(session, {**told, "run-1.terminal-2.cast": 0})
        assert judged(found, streams, key).verdict is Verdict.VERIFIED
        assert await fetched(site, session) == host.receipts
        known = await evidence(site, session)
        assert known["stretches"] == [
            {"kind": "observed", "since": 0.0, "until": 109.1, "cause": "", "explanations": []}
        ]
        assert known["streams"] == [
            {"name": name, "size": size, "receipted": size} for name, size in told.items()
        ]
        assert (known["complete"], known["problem"], known["keys"]) == (True, "", [key])
        assert (known["receipts"], known["until"]) == (
            len(found.statements),
            found.statements[-1].time,
        )
        assert (await site.summary(session))["presence"]["state"] == "ended"


async def test_bytes_of_long_ago_are_attested(site: Site) -> None:
    granted = await site.grant()
    session = granted["session"]
    async with site.connected(granted) as (host, _):
        await send(host, CAST, RECORDING)
        await host.covered(session, CAST, len(RECORDING))
    later = hello(granted, kept=len(host.receipts))
    async with site.host.ws_connect("/api/host") as ws:
        back = Peer(ws)
        back.receipts = host.receipts
        await back.send(type(later)(**{**vars(later), "t": 3600.0}))
        longer = RECORDING + b'[3700.5, "o", "x"]\n[3701.0, "o", "y"]\n'
        await back.send(Append(CAST, len(RECORDING), longer[len(RECORDING) :]))
        early = log_of(session)
        await send(back, LOG, early + entry(105.0, "idle", since=104.0))
        await back.covered(session, CAST, len(longer))
        await back.covered(session, LOG, len(early) + 1)
    kinds = [(one["kind"], one["since"]) for one in (await evidence(site, session))["stretches"]]
    assert kinds[0] == ("attested", 0.0)
    assert kinds[-1][0] == "observed"


async def test_a_key_may_change_in_the_middle(serve: Serve, data: Path) -> None:
    streams = {CAST: RECORDING}
    async with serve() as site:
        granted = await site.grant()
        session = granted["session"]
        async with site.connected(granted) as (host, _):
            await send(host, CAST, RECORDING[:2000])
            await host.covered(session, CAST, 2000)
            first, *_ = (await ask(data, "rotate"))["keys"]
            *_, third = (await ask(data, "rotate"))["keys"]
            await send(host, CAST, RECORDING, 2000)
            await host.covered(session, CAST, len(RECORDING))
            await host.deliver(session, {CAST: len(RECORDING)})
            found = host.signed(session)
    assert [key for key, _ in found.chain.signers] == [first["key"], third["key"]]
    [change] = [one for one in found.statements if one.kind == "key"]
    assert len(change.fields["certificates"]) == 2
    for trusted in (first, third):
        assert judged(found, streams, trusted["key"]).verdict is Verdict.VERIFIED


async def test_a_chain_begins_with_the_key_that_the_customer_was_shown(
    serve: Serve, data: Path
) -> None:
    async with serve() as site:
        granted = await site.grant()
        file = data / "recordings" / granted["session"] / "receipts"
        await until(lambda: file.exists() and file.stat().st_size > 0, "the first statement")
        first, *_ = (await ask(data, "rotate"))["keys"]
        async with site.connected(granted) as (host, _):
            await send(host, CAST, RECORDING)
            await host.covered(granted["session"], CAST, len(RECORDING))
            found = host.signed(granted["session"])
    assert [one.kind for one in found.statements][:3] == ["began", "key", "linked"]
    assert found.chain.signers[0][0] == first["key"]


async def test_the_next_broker_goes_on_with_the_chain(serve: Serve) -> None:
    async with serve() as site:
        granted = await site.grant()
        session = granted["session"]
        async with site.connected(granted) as (host, _):
            await send(host, CAST, RECORDING[:2000])
            await host.covered(session, CAST, 2000)
            # What no receipt speaks for yet, perhaps.
            await host.send(Append(CAST, 2000, RECORDING[2000:3000]))
            await host.wait(Held, lambda held: held.offset == 3000)
            kept = host.receipts
    async with serve() as site:
        async with site.connected(granted, kept=kept) as (host, welcome):
            assert welcome.held[CAST] == 3000
            assert welcome.held[RECEIPTS] >= len(kept)
            await host.covered(session, CAST, 3000)
            await send(host, CAST, RECORDING, 3000)
            await host.covered(session, CAST, len(RECORDING))
            found = await host.deliver(session, {CAST: len(RECORDING)})
        assert host.receipts.startswith(kept)
        assert [one.kind for one in found.statements].count("began") == 1
        assert [one.kind for one in found.statements].count("linked") == 2
        assert all(code is Code.UNTRUSTED_KEY for code in codes(found, {CAST: RECORDING}))


def codes(found: Receipts, streams: Mapping[str, bytes]) -> list[Code]:
    return [one.code for one in judged(found, streams, "SHA256:nobody's").findings]


async def test_a_host_gets_what_it_lacks_wherever_its_copy_ends(serve: Serve) -> None:
    async with serve() as site:
        granted = await site.grant()
        session = granted["session"]
        async with site.connected(granted) as (host, _):
            await send(host, CAST, RECORDING)
            await host.covered(session, CAST, len(RECORDING))
            full = host.receipts
        first = len(lines(full)[0])
        for size in (0, 1, first - 1, first, first + 40, len(full) - 1, len(full)):
            async with site.connected(granted, kept=full[:size]) as (host, welcome):
                while len(host.receipts) < welcome.held[RECEIPTS] + 1:  # with this link's own line
                    assert await host.next() is not None
                assert host.receipts.startswith(full)
                host.signed(session)


async def test_a_session_is_complete_with_just_its_streams_and_only_once(serve: Serve) -> None:
    async with serve() as site:
        granted = await site.grant()
        session = granted["session"]
        told = {CAST: len(RECORDING)}
        kept = b""
        wrong: tuple[dict[str, int], ...] = (
            {},
            {CAST: len(RECORDING) - 1},
            {CAST: len(RECORDING) + 1},
            {**told, LOG: 3},
            {**told, "run-2.log": 1},
        )
        for streams in wrong:
            async with site.connected(granted, kept=kept) as (host, _):
                await send(host, CAST, RECORDING)
                await host.covered(session, CAST, len(RECORDING))
                await host.send(Complete(streams))
                assert await refused(host) == "incomplete"
                kept = host.receipts
        async with site.connected(granted, kept=kept) as (host, _):
            await host.send(Complete({**told, "../x": 0}))
            assert await refused(host) == "bad-stream-name"
            kept = host.receipts
        assert (await site.summary(session))["ended"] is None

        async with site.connected(granted, kept=kept) as (host, _):
            await host.send(Complete(told))
            await host.send(Complete(told))
            while host.signed(session).chain.complete is None:
                assert await host.next() is not None
            await host.send(Append(CAST, len(RECORDING), b"more"))
            assert await refused(host) == "ended"
            full = host.receipts
        assert [one.kind for one in host.signed(session).statements].count("complete") == 1

    async with serve() as site:  # the answer was lost: the host comes for it, and for no more
        async with site.connected(granted, kept=kept) as (host, _):
            await host.send(Complete({**told, LOG: 1}))
            assert await refused(host) == "incomplete"
        async with site.connected(granted, kept=kept) as (host, welcome):
            assert welcome.held == {**told, RECEIPTS: len(full)}
            await host.deliver(session, told)
        assert host.receipts == full
        async with site.host.ws_connect("/api/host") as ws:
            host = Peer(ws)
            await host.send(hello(granted, kept=len(full)))
            assert await refused(host) == "ended"
        assert await site.stream(session, CAST) == RECORDING


async def test_that_it_is_complete_is_noted_before_the_host_knows(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host that knows leaves for good."""

    async def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "as a full disk says it")

    told = {CAST: len(RECORDING)}
    async with serve() as site:
        granted = await site.grant()
        session = granted["session"]
        async with site.connected(granted) as (host, _):
            await send(host, CAST, RECORDING)
            await host.covered(session, CAST, len(RECORDING))
            monkeypatch.setattr(Metadata, "complete", fail)
            await host.send(Complete(told))
            assert await refused(host) == "incomplete"
            assert host.signed(session).chain.complete is None
            assert (await site.summary(session))["ended"] is None
        monkeypatch.undo()
        async with site.connected(granted, kept=host.receipts) as (host, _):
            await host.deliver(session, told)
        assert (await site.summary(session))["ended"] is not None


async def test_what_a_restored_broker_has_lost_of_its_chain_it_takes_from_the_host(
    serve: Serve, data: Path
) -> None:
    async with serve() as site:
        granted, other = await site.grant(), await site.grant()
        session = granted["session"]
        async with site.connected(other) as (stranger, _):
            await send(stranger, CAST, RECORDING)
            await stranger.covered(other["session"], CAST, len(RECORDING))
        async with site.connected(granted) as (host, _):
            for end in (1000, 2000, 3000):
                await send(host, CAST, RECORDING[:end], end - 1000)
                await host.covered(session, CAST, end)
            full = host.receipts
    path = data / "recordings" / session / RECEIPTS
    backup = b"".join(lines(full)[:3])
    for restored in (backup, b"", backup + b"a torn line"):
        path.write_bytes(restored)
        whole = restored[: restored.rfind(b"\n") + 1]
        async with serve() as site:
            # Not with another session's, nor with a copy that somebody changed.
            for bad in (stranger.receipts, full[:-9] + b"00000000\n"):
                kept = whole + bad[len(whole) :] if bad is not stranger.receipts else whole + bad
                async with site.connected(granted, kept=kept) as (host, welcome):
                    assert welcome.held[RECEIPTS] == len(whole)
                    await host.send(Append(RECEIPTS, len(whole) + 1, b"beyond"))
                    await host.send(Append(RECEIPTS, len(whole), kept[len(whole) :]))
                    assert await host.wait(Refused) == Refused(RECEIPTS, len(whole))
                    await host.send(Complete({LOG: 1}))
                    assert await refused(host) == "incomplete"
                    assert host.receipts == kept, "until then, there are none"
                assert path.read_bytes() == restored
            async with site.connected(granted, kept=full) as (host, welcome):
                half = (len(whole) + len(full)) // 2
                await host.send(Append(RECEIPTS, len(whole), full[len(whole) : half]))
                await host.send(Append(RECEIPTS, half, full[half:]))
                await host.wait(
                    Held, lambda held: (held.stream, held.offset) == (RECEIPTS, len(full))
                )
                await send(host, CAST, RECORDING, welcome.held[CAST])
                await host.covered(session, CAST, len(RECORDING))
                assert host.receipts.startswith(full)
                assert path.read_bytes() == host.receipts == await fetched(site, session)


async def test_receipts_that_cant_be_written_are_not_sent_and_go_on_later(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = asyncio.Event()
    append = Recordings.append

    def no_space(
        recordings: Recordings, session: str, stream: str, offset: int, data: bytes
    ) -> None:
        if stream == RECEIPTS and full.is_set():
            raise OSError(errno.ENOSPC, "as a full disk says it")
        append(recordings, session, stream, offset, data)

    monkeypatch.setattr(Recordings, "append", no_space)
    async with serve() as site:
        granted = await site.grant()
        session = granted["session"]
        async with site.connected(granted) as (host, _), site.viewing(session) as viewer:
            await send(host, CAST, RECORDING[:1000])
            await host.covered(session, CAST, 1000)
            full.set()
            before = host.receipts
            await send(host, CAST, RECORDING, 1000)
            await host.wait(Held, lambda held: held.offset == len(RECORDING))
            await viewer.wait(Present, lambda present: "disk is full" in present.detail)
            assert host.receipts == before
            assert await fetched(site, session) == before
            full.clear()
            await host.covered(session, CAST, len(RECORDING))
            await viewer.wait(Present, lambda present: present.detail == "")
            await host.deliver(session, {CAST: len(RECORDING)})


@pytest.mark.parametrize("damage", ["changed", "of another broker"])
async def test_a_file_that_is_no_chain_of_ours_costs_the_receipts_and_nothing_else(
    serve: Serve, data: Path, damage: str
) -> None:
    async with serve() as site:
        granted = await site.grant()
        session = granted["session"]
        async with site.connected(granted) as (host, _):
            await send(host, CAST, RECORDING[:1000])
            await host.covered(session, CAST, 1000)
    path = data / "recordings" / session / RECEIPTS
    if damage == "changed":
        path.write_bytes(path.read_bytes().replace(b'"offset":1000', b'"offset":1001'))
    else:
        (data / "identity.key").unlink()
    damaged = path.read_bytes()
    async with serve() as site:
        async with site.connected(granted, kept=host.receipts) as (host, _):
            await send(host, CAST, RECORDING, 1000)
            await host.wait(Held, lambda held: held.offset == len(RECORDING))
            await host.send(Complete({CAST: len(RECORDING)}))
            error = await host.wait(Error)
            assert error.code == "ended", "it holds everything, and the host may go"
        assert path.read_bytes() == damaged == await fetched(site, session)
        assert (await site.summary(session))["ended"] is not None
        known = await evidence(site, session)
        assert bool(known["problem"]) is (damage == "changed")
        assert known["complete"] is False


async def test_a_host_that_leaves_without_a_word_is_not_complete(site: Site) -> None:
    granted = await site.grant()
    async with site.connected(granted) as (host, _):
        await send(host, CAST, RECORDING)
        await host.wait(Held, lambda held: held.offset == len(RECORDING))
        await host.send(Leave("ended"))
        assert await host.closed() is None
    async with site.connected(granted) as (_, welcome):
        assert welcome.held[CAST] == len(RECORDING)
