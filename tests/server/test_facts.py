"""The broker's copy of the grant: what summaries tell of it, live and read again."""

from collections.abc import Iterable
from typing import Any

import pytest

from broker.recording.grant import Mode, Standing
from broker.recording.presence import granted
from broker.server.facts import Facts, read_again
from broker.wire.messages import Append, Held
from tests.server.casts import LOG, entry, started
from tests.server.conftest import Serve
from tests.server.peers import Peer, Site

CONSENT = {"text": "t", "text_sha256": "0" * 64, "answer": "I agree"}
BEGAN = 1_700_000_000.0


def read(*logs: tuple[int, Iterable[bytes]]) -> Facts:
    return read_again(Facts(granted(BEGAN)), logs)


def link_up(t: float, broker_wall: object) -> bytes:
    return entry(t, "link_up", wall=BEGAN + t, broker_wall=broker_wall, cause="", since=t)


async def test_a_summary_tells_the_grant_as_the_log_does(serve: Serve) -> None:
    log = started()

    async def more(host: Peer, *lines: bytes) -> None:
        nonlocal log
        start, log = len(log), log + b"".join(lines)
        await host.send(Append(LOG, start, log[start:]))
        await host.wait(Held, lambda held: held.offset == len(log))

    async def told(site: Site) -> tuple[Any, ...]:
        summary = await site.summary(granted["session"])
        return summary["mode"], summary["standing"], summary["until"]

    async with serve() as site:
        granted = await site.grant()
        assert await told(site) == ("control", "live", granted["until"]), "as it was redeemed"
        async with site.connected(granted) as (host, _):
            await host.send(Append(LOG, 0, log))
            await host.wait(Held)
            assert await told(site) == ("approve", "live", BEGAN + 7200)
            await more(
                host, entry(1, "mode_changed", mode="watch", before="approve", by="customer")
            )
            await more(host, entry(2, "taken_back", by="customer"))
            assert await told(site) == ("watch", "taken-back", BEGAN + 7200)
            await more(
                host,
                entry(3, "given_back", by="customer"),
                entry(4, "extended", until=9000.0, by="customer", **CONSENT),
                entry(5, "revoked", by="customer"),
            )
            assert await told(site) == ("watch", "revoked", BEGAN + 9000)
    for _ in range(2):
        async with serve() as site:
            assert await told(site) == ("watch", "revoked", BEGAN + 9000), "after a restart, too"


async def test_whoever_lists_sessions_is_told_when_a_grant_changes(site: Site) -> None:
    granted = await site.grant()
    async with (
        site.connected(granted) as (host, _),
        site.engineer.ws_connect("/api/sessions/live") as ws,
    ):
        await host.send(Append(LOG, 0, started() + entry(1.0, "revoked", by="customer")))
        while (await ws.receive_json())["session"]["standing"] != "revoked":
            pass


def test_a_time_is_told_by_the_brokers_clock() -> None:
    """The host's is two hours slow."""
    facts = read((1, [started(), link_up(10.0, BEGAN + 7210.0)]))
    assert facts.until == BEGAN + 7200 + 7200
    assert read((1, [started(), link_up(10.0, "noon")])).until == BEGAN + 7200


def test_a_later_run_goes_on_where_the_last_one_stood() -> None:
    first = started() + entry(5.0, "taken_back", by="customer")
    second = started(2, 60.0, mode="control", until=8000.0)
    facts = read((1, [first]), (2, [second]))
    assert facts.grant is not None
    assert facts.grant.mode is Mode.CONTROL
    assert facts.grant.standing is Standing.TAKEN_BACK
    assert facts.until == BEGAN + 8000


def test_what_comes_late_of_an_earlier_run_changes_nothing_but_what_is_for_good() -> None:
    second = started(2, 60.0)
    late = entry(5.0, "mode_changed", mode="watch", before="approve", by="customer")
    facts = read((1, [started()]), (2, [second]), (1, [late]))
    assert facts.grant is not None
    assert facts.grant.mode is Mode.APPROVE
    facts = read((1, [started()]), (2, [second]), (1, [entry(6.0, "revoked", by="customer")]))
    assert facts.grant is not None
    assert facts.grant.standing is Standing.REVOKED


@pytest.mark.parametrize(
    "grant",
    [
        {"mode": "root"},
        {"mode": []},
        {"until": "tomorrow"},
        {"until": 1e300},
        {"until": None},
        {"terminals": "many"},
        {"page": 7},
    ],
    ids=str,
)
def test_a_grant_that_makes_no_sense_is_not_believed(grant: dict[str, Any]) -> None:
    facts = read((1, [started(**grant), entry(1.0, "taken_back", by="customer")]))
    assert facts.grant is None
    assert facts.until is None
    assert facts.run == 1, "the rest of the entry is"


def test_changes_that_make_no_sense_change_nothing() -> None:
    lines = [
        entry(1.0, "given_back", by="x"),
        entry(2.0, "mode_changed", mode="root", before="approve", by="x"),
        entry(3.0, "extended", until="later", by="x", **CONSENT),
        entry(4.0, "extended", until=1e300, by="x", **CONSENT),
        entry(5.0, "extended", until=[], by="x", **CONSENT),
    ]
    assert read((1, [started(), *lines])).grant == read((1, [started()])).grant
