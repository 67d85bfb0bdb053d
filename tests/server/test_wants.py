"""What engineers want of the host, and what the host tells them: through the broker and back."""

import asyncio
import socket

import pytest

from broker.server import link_socket
from broker.wire import codec
from broker.wire.messages import (
    Act,
    Append,
    Declined,
    Input,
    Joined,
    LiftHold,
    Message,
    Present,
    Propose,
    PutHold,
    Request,
    Turn,
    Watching,
    Withdraw,
)
from tests.server.casts import CAST, LOG, entry, started
from tests.server.peers import Peer, Site, Viewer

CAST_2 = "run-1.terminal-2.cast"
WANTED: list[Message] = [
    Propose("v9", CAST, "zpool status -v\n", "the pool", "a state"),
    Withdraw("v9", "1"),
    Request("customer", "control"),
    PutHold("v9", "do not touch pool/tank", ["zfs destroy * pool/tank"]),
    LiftHold("v9", "h1"),
]


def proposal(text: str) -> Propose:
    return Propose("", CAST, text, "", "")


async def declined(viewer: Viewer, reason: str) -> Declined:
    return await viewer.wait(Declined, lambda told: told.reason == reason)


async def answered(viewer: Viewer, host: Peer) -> None:
    """Whatever this viewer sent before has been dealt with, and so has what the host sent."""
    await viewer.send(Input(CAST, "", b"?"))
    await host.wait(Input, lambda keys: keys.data == b"?")
    await host.send(Turn(CAST_2, "customer", "?"))
    await viewer.wait(Turn, lambda turn: turn.person == "?")
    await host.send(Turn(CAST_2, "", ""))
    await viewer.wait(Turn, lambda turn: turn.terminal == CAST_2)


@pytest.mark.parametrize("wanted", WANTED, ids=lambda one: codec.type_name(type(one)))
async def test_what_an_engineer_wants_reaches_the_host_in_their_name(
    site: Site, wanted: Message
) -> None:
    granted = await site.grant()
    async with site.viewing(granted["session"]) as viewer:
        await viewer.send(wanted)
        told = await declined(viewer, "link-lost")
        assert told.viewer == "v1"
        assert told.message == "the link to the host is lost"
        async with site.connected(granted) as (host, _):
            await host.wait(Joined)
            await viewer.send(wanted)
            assert await host.wait(type(wanted)) == type(wanted)(**{**vars(wanted), "by": "v1"})
            await host.send(Append(LOG, 0, started() + entry(2.0, "ended", by="customer", why="x")))
            await viewer.wait(Present, lambda present: present.state == "ended")
            await viewer.send(wanted)
            await declined(viewer, "ended")


async def test_the_recorder_decides_on_all_that_could_be_meant(site: Site) -> None:
    granted = await site.grant()
    async with site.viewing(granted["session"]) as viewer, site.connected(granted) as (host, _):
        for text in ("", "\x1b[2J\r\n\0" * 300, "é" * 5000, "x" * 20_000):
            await viewer.send(proposal(text))
            assert (await host.wait(Propose)).text == text


async def test_what_is_far_too_long_goes_nowhere(site: Site) -> None:
    granted = await site.grant()
    async with site.viewing(granted["session"]) as viewer, site.connected(granted) as (host, _):
        await viewer.send(proposal("x" * 60_000))
        told = await declined(viewer, "too-long")
        assert "nothing may have more than 32768" in told.message
        # As many bytes as it can make of what a message may hold.
        await viewer.send(proposal("\0" * 10_000))
        await declined(viewer, "too-long")
        await viewer.send(proposal("ls"))
        assert (await host.wait(Propose)).text == "ls"


async def test_a_megabyte_is_told_and_costs_its_senders_link_only(site: Site) -> None:
    granted = await site.grant()
    async with (
        site.viewing(granted["session"]) as bad,
        site.viewing(granted["session"]) as good,
        site.connected(granted) as (host, _),
    ):
        await bad.send(proposal("x" * 1_000_000))
        error = await bad.closed()
        assert error is not None
        assert error.code == "too-long"
        assert "control message of 1000" in error.message
        await good.send(proposal("ls"))
        assert (await host.wait(Propose)).by == "v2"


async def test_an_engineer_does_not_act_for_the_customer(site: Site) -> None:
    granted = await site.grant()
    async with site.viewing(granted["session"]) as viewer, site.connected(granted) as (host, _):
        await viewer.send(Act("{}", "00"))
        error = await viewer.closed()
        assert error is not None
        assert error.code == "unexpected"
        assert not any(isinstance(message, Act) for message in host.heard)


async def test_a_flood_of_proposals_harms_nobody_else(site: Site) -> None:
    granted = await site.grant()
    async with (
        site.viewing(granted["session"]) as flood,
        site.viewing(granted["session"]) as other,
        site.connected(granted) as (host, _),
    ):
        for number in range(1000):
            await flood.send(proposal(f"echo {number}"))
        await other.send(proposal("zpool status"))
        theirs = await host.wait(Propose, lambda one: one.by == "v2")
        assert theirs.text == "zpool status"
        assert (await declined(flood, "too-fast")).message.endswith("try again")
        await answered(flood, host)
        passed = [one for one in host.heard if isinstance(one, Propose) and one.by == "v1"]
        assert 20 <= len(passed) < 200


async def test_whose_turn_it_is_is_told_to_all_and_to_who_comes_later(site: Site) -> None:
    granted = await site.grant()
    async with site.viewing(granted["session"]) as first:
        async with site.connected(granted) as (host, _):
            await host.wait(Joined)
            await host.send(Turn(CAST, "v1", "mallory"))
            assert await first.wait(Turn) == Turn(CAST, "v1", "alice"), "the broker knows better"
            async with (
                site.viewing(granted["session"]) as second,
                site.paging(granted["session"]) as page,
            ):
                assert await second.wait(Turn) == Turn(CAST, "v1", "alice")
                assert await page.wait(Turn) == Turn(CAST, "v1", "alice")
                await host.send(Turn(CAST, "customer", "customer"))
                for one in (first, second, page):
                    assert await one.wait(Turn) == Turn(CAST, "customer", "customer")
        assert await first.wait(Turn) == Turn(CAST, "", ""), "with the link goes the turn"
        async with (
            site.connected(granted) as (host, _),
            site.viewing(granted["session"]) as late,
        ):
            await answered(late, host)
            turns = [one for one in late.heard if isinstance(one, Turn)]
            assert CAST not in {turn.terminal for turn in turns}


async def test_a_flood_of_turns_costs_who_never_reads_and_nobody_else(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_socket, "_MOST_BACKLOG_BYTES", 1024 * 1024)
    granted = await site.grant()
    async with (
        site.viewing(granted["session"]) as reader,
        site.viewing(granted["session"]) as stuck,
        site.connected(granted) as (host, _),
    ):
        stuck.ws.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)

        async def flood() -> None:
            for number in range(100_000):
                await host.send(Turn(CAST, "customer", f"{number:0200}"))
                if reader.watching == Watching("v1", {"v1": "alice"}):
                    return

        async with asyncio.TaskGroup() as group:
            group.create_task(flood())
            await reader.wait(Watching, lambda told: list(told.viewers) == ["v1"])
        await answered(reader, host)


async def test_a_host_that_lies_about_turns_is_kept_in_bounds(site: Site) -> None:
    granted = await site.grant()
    async with site.viewing(granted["session"]) as viewer:
        async with site.connected(granted) as (host, _):
            await host.send(Turn(CAST, "v77", "nobody"))
            await host.send(Turn(CAST, "customer", "c\x1b[2J" + "x" * 60_000))
            turn = await viewer.wait(Turn)
            assert turn.holder == "customer", "of viewers that are not here nothing is told"
            assert turn.person == "c[2J" + "x" * (200 - 5)
            await host.send(Turn(CAST, "v77", "x" * 60_000))
            assert await viewer.wait(Turn) == Turn(CAST, "", "")
            for number in range(1, 600):
                await host.send(Turn(f"run-{number}.terminal-1.cast", "customer", "c"))
            await answered_by(host, viewer, Declined("v1", "done", "so many were sent"))
            told = {one.terminal for one in viewer.heard if isinstance(one, Turn)}
            assert len(told) == 512
        async with site.connected(granted) as (host, _):
            await host.send(Turn("../../etc/passwd", "customer", "c"))
            error = await host.closed()
            assert error is not None
            assert error.code == "bad-stream-name"


async def answered_by(host: Peer, viewer: Viewer, told: Declined) -> None:
    await host.send(told)
    await viewer.wait(Declined, lambda one: one == told)


async def test_what_the_host_declines_is_told_to_whom_it_concerns(site: Site) -> None:
    granted = await site.grant()
    async with (
        site.viewing(granted["session"]) as first,
        site.viewing(granted["session"]) as second,
        site.paging(granted["session"]) as page,
        site.connected(granted) as (host, _),
    ):
        await host.send(Declined("v77", "mode", "nobody is called that"))
        await host.send(Declined("v2", "m" * 5000, "line\r\n\x1b[2J" + "x" * 60_000))
        told = await second.wait(Declined)
        assert told.reason == "m" * 64
        assert told.message.startswith("line[2Jx")
        assert len(told.message) <= 1000
        await host.send(Declined("", "bad-mac", "the act was not signed by the page's key"))
        assert (await page.wait(Declined)).viewer == "p3"
        await answered(first, host)
        assert not any(isinstance(message, Declined) for message in first.heard)


async def test_a_connection_that_was_replaced_tells_nobody_anything(site: Site) -> None:
    granted = await site.grant()
    async with site.viewing(granted["session"]) as viewer, site.connected(granted) as (first, _):
        await first.send(Turn(CAST, "customer", "c"))
        await viewer.wait(Turn)
        async with site.connected(granted) as (second, _):
            assert await viewer.wait(Turn) == Turn(CAST, "", "")
            await first.closed()
            await answered(viewer, second)
