"""When a real recorder has its host's state read, and what of it stands in the log."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from broker.host import clock
from broker.host.session_file import load
from broker.wire.messages import Ended, Leave
from tests.host.broker_end import BrokerEnd
from tests.host.real_recorder import LOG, Host, sit, take_seat

STATE = "appliance.state"


def probes(host: Host) -> list[dict[str, Any]]:
    """A vendor's probe of a file that the test changes."""
    command = ["cat", str(host.home / STATE)]
    return [{"name": "appliance", "area": "product", "command": command, "parser": "pairs"}]


def product(host: Host, run: int = 1) -> list[list[Any]]:
    """What changed of the product, in order; other tests change this host all the time."""
    drifts = host.logged("drift", run)
    return [one[:5] for entry in drifts for one in entry["changes"] if one[0] == "product"]


async def until_read(host: Host, broker: BrokerEnd, why: str) -> None:
    await broker.until_in(LOG, f'"why": "{why}"'.encode())


async def test_from_consent_to_the_end(host: Host, broker: BrokerEnd) -> None:
    state = host.home / STATE
    state.write_text("ha: on\n")
    seat = await sit(host, broker, drift="on", probes=probes(host))
    await until_read(host, broker, "consent")
    await seat.close()
    await until_read(host, broker, "left")
    state.write_text("ha: off\n")
    seat = await take_seat(host)
    await until_read(host, broker, "returned")
    assert [one[3:] for one in product(host)] == [["on", "off"]]
    first, left, returned = host.logged("fingerprint")
    assert [one["n"] for one in (first, left, returned)] == [1, 2, 3]
    assert all(0 < one["cpu"] < 2 for one in (first, left, returned))
    state.write_text("ha: on\n")
    seat.types("exit\r")
    await seat.until(Ended)
    assert await broker.until_heard(Leave) == Leave("ended")
    await host.gone()
    assert [one[3:] for one in product(host)] == [["on", "off"], ["off", "on"]]
    assert [entry["event"] for entry in host.log()[-2:]] == ["fingerprint", "ended"]


@pytest.mark.parametrize("is_of_this_broker", [True, False])
async def test_since_the_session_before_and_no_other_vendors(
    host: Host, broker: BrokerEnd, is_of_this_broker: bool
) -> None:
    state = host.home / STATE
    state.write_text("ha: on\n")
    await sit(host, broker, drift="on", probes=probes(host))
    await until_read(host, broker, "consent")
    await host.do("end")
    await host.gone()

    # The session before is another one's from now on; this one begins anew.
    earlier = host.folder.parent / "s0"
    host.folder.rename(earlier)
    url = host.file.broker if is_of_this_broker else "http://127.0.0.1:9"
    replace(load(earlier), id="s0", broker=url).save(earlier)
    host.folder.mkdir()
    wall, boottime = time.time(), clock.boottime()
    replace(host.file, began_wall=wall, began_boottime=boottime).save(host.folder)
    broker.streams.clear()
    state.write_text("ha: off\n")
    await host.start()
    await take_seat(host)
    await until_read(host, broker, "consent")
    drifts = [one for one in host.logged("drift") if one["before"] == 0]
    assert [one["since"] < 0 for one in drifts] == ([True] if is_of_this_broker else [])
    expected = [["on", "off"]] if is_of_this_broker else []
    assert [one[3:] for one in product(host)] == expected


async def test_said_no_or_revoked_nothing_is_read(host: Host, broker: BrokerEnd) -> None:
    await sit(host, broker, drift="off", probes=probes(host))
    await host.do("disconnect")
    await host.do("reconnect")
    await broker.until_in(LOG, b'"cause": "reconnected"')
    assert host.logged("fingerprint") == []


async def test_whoever_revoked_tells_nothing_more(host: Host, broker: BrokerEnd) -> None:
    seat = await sit(host, broker, drift="on", probes=probes(host))
    await until_read(host, broker, "consent")
    await host.do("revoke")
    await seat.close()
    await broker.until_in(LOG, b'"detached"')
    await host.do("end")
    await host.gone()
    assert [one["why"] for one in host.logged("fingerprint")] == ["consent"]
