"""Whether engineers look: what pages say, what the broker finds, and what the host is told."""

import asyncio
from dataclasses import replace

import pytest

from broker.server import gaze
from broker.server.http import viewer_socket
from broker.wire.link import BROKER_TO_VIEWER
from broker.wire.messages import Attention, Declined, Input, Joined, Present, Propose
from tests.server.casts import CAST
from tests.server.peers import Peer, Site, Viewer


def attention(host: Peer) -> list[tuple[str, str]]:
    return [(one.by, one.state) for one in host.heard if isinstance(one, Attention)]


async def settled(viewer: Viewer, host: Peer) -> None:
    """Everything that this viewer sent before has reached the host, or never will."""
    await viewer.send(Input(CAST, "", b"?"))
    await host.wait(Input, lambda keys: keys.by == viewer.watching.you)  # type: ignore[union-attr]


async def test_the_host_is_told_of_changes_in_the_viewers_name(site: Site) -> None:
    granted = await site.grant()
    async with (
        site.connected(granted) as (host, _),
        site.viewing(granted["session"]) as first,
        site.viewing(granted["session"]) as second,
    ):
        for by, state in (("", "looking"), ("v2", "hidden"), ("", "hidden"), ("", "looking")):
            await first.send(Attention(by, state))
        await second.send(Attention("", "hidden"))
        await settled(first, host)
        await settled(second, host)
        assert attention(host) == [("v1", "hidden"), ("v1", "looking"), ("v2", "hidden")]
        assert not [one for one in second.heard if isinstance(one, Attention)], "nobody else's"


async def test_after_a_welcome_the_host_is_told_who_does_not_look(site: Site) -> None:
    granted = await site.grant()
    async with site.viewing(granted["session"]) as away, site.viewing(granted["session"]) as here:
        for state in ("looking", "hidden"):
            await away.send(Attention("", state))
        await here.send(Attention("", "looking"))
        for _ in range(2):
            async with site.connected(granted) as (host, _):
                await host.wait(Joined, lambda joined: joined.viewer == "v2")
                await settled(away, host)
                assert attention(host) == [("v1", "hidden")]
            await away.wait(Present, lambda present: present.state == "link-lost")
    assert not any(isinstance(one, Declined) for one in away.heard), "no link is no fault"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are asked five times a second, and asleep after longer than a machine stands still."""
    role = replace(BROKER_TO_VIEWER, ping_after=0.2)
    monkeypatch.setattr(viewer_socket, "BROKER_TO_VIEWER", role)
    monkeypatch.setattr(gaze, "ASLEEP_SECONDS", 4.0)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("before", ["looking", "hidden"])
async def test_a_page_that_does_not_answer_is_asleep_until_it_does(site: Site, before: str) -> None:
    granted = await site.grant()
    async with (
        site.connected(granted) as (host, _),
        site.viewing(granted["session"]) as viewer,
    ):
        await viewer.send(Attention("", before))
        await host.wait(Attention, lambda told: told.state == "asleep")  # nobody reads the viewer
        await viewer.send(Attention("", before))
        await host.wait(Attention, lambda told: told.state == before)
        states = ["asleep", before] if before == "looking" else ["hidden", "asleep", "hidden"]
        assert [state for _, state in attention(host)] == states


@pytest.mark.usefixtures("quick")
async def test_a_hidden_page_that_answers_is_only_hidden(site: Site) -> None:
    granted = await site.grant()
    async with (
        site.connected(granted) as (host, _),
        site.viewing(granted["session"]) as viewer,
        site.viewing(granted["session"]) as other,
    ):
        await viewer.send(Attention("", "hidden"))
        await other.send(Attention("", "looking"))
        async with asyncio.TaskGroup() as group:
            answering = group.create_task(viewer.closed())
            # The other's sleep takes as long, and comes twice.
            await host.wait(Attention, lambda told: told == Attention("v2", "asleep"))
            await other.send(Attention("", "looking"))
            await host.wait(Attention, lambda told: told == Attention("v2", "looking"))
            await host.wait(Attention, lambda told: told == Attention("v2", "asleep"))
            answering.cancel()
        assert ("v1", "asleep") not in attention(host)


@pytest.mark.usefixtures("quick")
async def test_a_flood_is_told_in_part_and_how_it_ended(site: Site) -> None:
    granted = await site.grant()
    async with (
        site.connected(granted) as (host, _),
        site.viewing(granted["session"]) as viewer,
    ):
        for number in range(1001):
            await viewer.send(Attention("", ("hidden", "looking")[number % 2]))
        await viewer.send(Propose("", CAST, "ls", "", ""))
        assert (await viewer.wait(Declined)).reason == "too-fast", "it is one account"
        await settled(viewer, host)
        assert 20 <= len(attention(host)) < 200

        async def last() -> None:
            while attention(host)[-1] != ("v1", "hidden"):
                assert await host.next() is not None

        await viewer.meanwhile(last())  # a page that answers nothing is asleep
