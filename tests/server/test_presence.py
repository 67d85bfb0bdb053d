"""Why the customer was gone, once that is known: as pages and summaries are told it."""

from broker.recording.presence import Shown, State
from broker.server.facts import reopened
from broker.wire.messages import Append, Held, Leave, Present
from tests.server.casts import LOG, entry, started
from tests.server.conftest import Serve
from tests.server.peers import Peer, Site
from tests.server.test_facts import read

BEGAN = 1_700_000_000.0
UP = entry(0.5, "link_up", wall=BEGAN, broker_wall=BEGAN, cause="", since=0.5)
SLEPT = {"cause": "asleep", "since": BEGAN + 60, "until": BEGAN + 4000}
BACK = entry(60.0, "link_lost", why="silent", since=60.0) + entry(
    4000.0, "link_up", wall=BEGAN, broker_wall=BEGAN, cause="asleep", since=60.0
)


async def held(host: Peer, data: bytes, offset: int = 0) -> None:
    await host.send(Append(LOG, offset, data))
    await host.wait(Held, lambda held: held.offset == offset + len(data))


async def test_the_cause_is_told_on_return_and_kept(serve: Serve) -> None:
    async with serve() as site:
        granted = await site.grant()
        session = granted["session"]
        async with site.viewing(session) as viewer:
            assert viewer.present is not None
            assert viewer.present.last == {}
            async with site.connected(granted) as (host, _):
                await held(host, started() + UP)
            lost = await viewer.wait(Present, lambda present: present.state == "link-lost")
            assert (lost.last, "not known" in lost.detail) == ({}, True)
            async with site.connected(granted) as (host, _):
                await viewer.wait(Present, lambda present: present.state == "empty")
                await held(host, BACK, len(started() + UP))
                told = await viewer.wait(Present, lambda present: bool(present.last))
                assert told.last == SLEPT
                assert (await site.summary(session))["presence"] == vars(told)
                await host.send(Leave("disconnected"))
            told = await viewer.wait(Present, lambda present: present.state == "disconnected")
            assert told.last == SLEPT
    async with serve() as site:
        assert (await site.summary(session))["presence"]["last"] == SLEPT, "also after a restart"


async def test_each_start_of_a_broker_has_a_name(serve: Serve) -> None:
    names = []
    for _ in range(2):
        async with serve() as site:
            granted = await site.grant()
            for _ in range(2):
                async with site.connected(granted) as (_, welcome):
                    names.append(welcome.instance)
    first, same, second, again = names
    assert (first, second) == (same, again)
    assert first != second


async def test_a_cause_that_makes_no_sense_harms_nobody(site: Site) -> None:
    granted = await site.grant()
    async with site.viewing(granted["session"]) as viewer, site.connected(granted) as (host, _):
        log = started() + stood_still("asleep\x1b[2J\n" + "x" * 30_000, 1.0, 2.0)
        await held(host, log)
        told = await viewer.wait(Present, lambda present: bool(present.last))
        assert told.last["cause"] == "asleep[2J" + "x" * (64 - 11)
        more = (
            stood_still("asleep", "nan", 2.0)
            + stood_still("asleep", 1.0, float("inf"))
            + stood_still("asleep", None, 2.0)
            + stood_still({}, 1.0, 1e300)
        )
        await held(host, more, len(log))
        # Half a character, which JSON can spell and no page can be sent.
        half = stood_still("f?z", 3.0, 4.0).replace(b"?", b"\\ud800")
        await held(host, half, len(log + more))
        told = await viewer.wait(Present)
        assert told.last == {"cause": "fz", "since": BEGAN + 3, "until": BEGAN + 4}


def stood_still(cause: object, since: object, until: object) -> bytes:
    return entry(4.0, "stood_still", cause=cause, since=since, until=until)


def test_a_broker_that_comes_back_knows_no_link() -> None:
    """From every state that a log can leave, and for good from the last one."""
    attached = entry(1.0, "attached", terminal="run-1.terminal-1.cast")
    cut, ended = entry(9.0, "disconnected"), entry(9.0, "ended", by="customer", why="end")
    for lines, state, since in (
        ([], State.LINK_LOST, 50.0),
        ([attached], State.LINK_LOST, 50.0),
        ([attached, cut], State.DISCONNECTED, BEGAN + 9),
        ([attached, cut, UP], State.LINK_LOST, 50.0),
        ([attached, ended], State.ENDED, BEGAN + 9),
        ([cut, ended], State.ENDED, BEGAN + 9),
    ):
        noted = Shown(State.AT_KEYBOARD.value, 40.0)
        presence = reopened(read((1, [started(), *lines])), noted, 50.0).presence
        assert (presence.state, presence.since) == (state, since)


def test_and_what_the_broker_before_it_knew_of_the_link() -> None:
    cut = entry(9.0, "disconnected")
    for lines, noted, since in (
        ([], State.LINK_LOST, 40.0),
        ([], State.RECORDER_LOST, 40.0),
        ([cut], State.DISCONNECTED, BEGAN + 9),
    ):
        facts = read((1, [started(), *lines]))
        presence = reopened(facts, Shown(noted.value, 40.0), 50.0).presence
        assert (presence.state, presence.since) == (noted, since)
