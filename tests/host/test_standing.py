"""What the customer has taken from the engineers stays taken: whatever becomes of keys on their
way, of the link, or of the recorder."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

import pytest

from broker.host import clock
from broker.host.failures import Failed
from broker.wire.messages import Ended, Hello, Input, Joined, Leave, Propose
from tests.host.broker_end import BrokerEnd
from tests.host.real_recorder import LOG, TERMINAL, Host, Seat, nobody_types, sit, take_seat
from tests.journeys.waiting import until

BASH = {"shell": "/bin/bash"}
NARROWER: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "narrowed": ({}, "mode", {"mode": "watch"}),
    "taken-back": ({}, "take_back", {}),
    "expired": ({"until": 1.0}, "", {}),
    "revoked": ({}, "revoke", {}),
}
WHY = {"narrowed": "mode"}
EXPIRED = b'"event": "expired"'


async def reads_nothing(host: Host, seat: Seat) -> None:
    """A program in front that reads nothing until ``go`` is there, and then all it can."""
    seat.types("echo wai''ting; until [ -e go ]; do sleep 0.02; done; echo rea''ding; cat > got\r")
    await seat.until_printed(b"waiting")  # the line's editor has given the terminal back


# --- keys on their way ----------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["take_back", "mode", "revoke"])
async def test_keys_that_no_program_has_read_are_gone(
    host: Host, broker: BrokerEnd, change: str
) -> None:
    seat = await sit(host, broker, **BASH)
    await reads_nothing(host, seat)
    await nobody_types(broker)
    line = b"echo late > late\r"
    pasted = line * (60 * 1024 // len(line))
    await broker.send(Input(TERMINAL, "v1", pasted[:32768]))
    await broker.send(Input(TERMINAL, "v1", pasted[32768:]))
    await broker.until_in(LOG, b'"typed"')
    await broker.send(
        Input("run-1.terminal-9.cast", "v1", b"x")
    )  # what came before it was taken in
    await broker.until_in(LOG, b'"no-terminal"')
    await host.do(change, **({"mode": "approve"} if change == "mode" else {}))
    (host.home / "go").touch()
    await seat.until_printed(b"reading")
    seat.types("mine\r\x04")
    seat.types("echo aft''er\r")
    await seat.until_printed(b"after")
    assert (host.home / "got").read_text() == "mine\n"
    assert not (host.home / "late").exists()


async def test_what_the_customer_typed_ahead_is_still_theirs(host: Host, broker: BrokerEnd) -> None:
    seat = await sit(host, broker, **BASH)
    await broker.send(Input(TERMINAL, "v1", b"echo fir''st\r"))
    await seat.until_printed(b"first")
    await nobody_types(broker)  # until here all of hers was read
    await reads_nothing(host, seat)
    seat.types("ahead\r\x04")
    await host.do("take_back")
    (host.home / "go").touch()
    seat.types("echo aft''er\r")
    await seat.until_printed(b"after")
    assert (host.home / "got").read_text() == "ahead\n"


async def test_no_key_comes_after_the_expiry(host: Host, broker: BrokerEnd) -> None:
    # What comes first takes a slow machine longer than a short grant lasts: then it is extended.
    seat = await sit(host, broker, until=1.0)
    await broker.until_in(LOG, EXPIRED)
    seat.types("cat > got\r")
    await seat.until_printed(b"got")
    await nobody_types(broker)
    await host.do("extend", seconds=5)
    await broker.send(Input(TERMINAL, "v1", b"1\r"))
    got = host.home / "got"
    await until(lambda: got.exists() and got.read_text() == "1\n", "the first line")
    while (await host.do("status"))["seconds_left"] > 0.3:
        pass
    n = 1
    while broker.streams[LOG].count(EXPIRED) < 2:
        n += 1
        await broker.send(Input(TERMINAL, "v1", b"%d\r" % n))
        await asyncio.sleep(0)
    for late in range(n + 1, n + 50):
        await broker.send(Input(TERMINAL, "v1", b"%d\r" % late))
    await broker.until_in(LOG, b'"why": "expired"')
    seat.types("\x04echo aft''er\r")
    await seat.until_printed(b"after")
    arrived = [int(one) for one in got.read_text().split()]
    assert arrived == list(range(1, len(arrived) + 1))
    assert len(arrived) <= n


# --- expiry ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("ahead", [600, 60])
async def test_expiry_is_announced(host: Host, broker: BrokerEnd, ahead: int) -> None:
    # So late in a long grant that it is the moment soon, and yet not before the recorder looks.
    began = clock.boottime() - 7200
    await host.start(until=7200 + ahead + 6, began_boottime=began)
    await take_seat(host)
    await broker.until_in(LOG, b'"expires_soon"')
    (told,) = host.logged("expires_soon")
    assert told["seconds"] == ahead
    left = 7200 + ahead + 6 - told["t"]
    assert ahead - 20 < left <= ahead  # later where the host is slow
    # What is extended is announced anew.
    await host.do("extend", seconds=3600)
    assert (await host.do("status"))["seconds_left"] > 3600


async def test_expiry_holds_while_the_link_is_down(host: Host, broker: BrokerEnd) -> None:
    await sit(host, broker, until=2.5)
    broker.answering = False
    await broker.cut()
    await until(lambda: host.logged("expired"), "the grant's end")
    broker.answering = True
    await broker.until_in(LOG, b'"link_up"', 2)
    await broker.send(Joined("v2", "bob"))
    await broker.send(Input(TERMINAL, "v2", b"echo inject''ed\r"))
    await broker.until_in(LOG, b'"why": "expired"')
    # An expired grant that is extended is live again, and says so.
    facts = await host.do("extend", seconds=60)
    assert (facts["standing"], facts["mode"]) == ("live", "control")
    await broker.send(Input(TERMINAL, "v2", b"echo agre''ed\r"))
    await broker.until_in(TERMINAL, b"agreed")
    assert b"injected" not in broker.streams[TERMINAL]


# --- consent --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "args"), [("mode", {"mode": "control"}), ("extend", {"seconds": 600})]
)
async def test_without_the_words_nothing_is_widened(
    host: Host, broker: BrokerEnd, command: str, args: dict[str, Any]
) -> None:
    await sit(host, broker, mode="approve")
    before = await host.do("status")
    for words in ("", "yes", "i agree", "I agree.", "I agree\x1b"):
        with pytest.raises(Failed, match="only"):
            await host.do(command, words, **args)
    after = await host.do("status")
    assert (after["mode"], after["standing"]) == (before["mode"], before["standing"])
    assert after["seconds_left"] <= before["seconds_left"]
    assert not host.logged("mode_changed")
    assert not host.logged("extended")


# --- leaving --------------------------------------------------------------------------------------


@pytest.mark.parametrize("away", ["pause", "continue"])
async def test_what_runs_unasked_waits_for_whoever_allowed_it(
    host: Host, broker: BrokerEnd, away: str
) -> None:
    seat = await sit(host, broker, **BASH, mode="approve", away=away)
    await broker.send(Propose("v1", TERMINAL, "echo fir''st", "", ""))
    await broker.until_in(LOG, b'"proposed"')
    await host.do("approve", proposal="r1p1", kind="echo", text="echo first")
    await seat.until_printed(b"first\r\n")
    await seat.close()
    await broker.until_in(LOG, b'"detached"')
    await broker.send(Propose("v1", TERMINAL, "echo second", "", ""))
    await broker.until_in(LOG, b'"kind", "text": "echo second"')
    # Anything else is asked, whoever is there.
    await broker.send(Propose("v1", TERMINAL, "printf asked", "", ""))
    await broker.until_in(LOG, b'"printf asked"')
    if away == "continue":
        await broker.until_in(LOG, b'"command_ended"', 2)
    else:
        facts = await host.do("status")
        assert [one["text"] for one in facts["waiting"]] == ["echo second"]
        assert len(host.logged("ran")) == 1
        seat = await take_seat(host)
        await seat.until_printed(b"second\r\n")
    await broker.until_in(LOG, b'"ran"', 2)
    assert [entry["text"] for entry in host.logged("ran")] == ["echo first", "echo second"]


async def test_what_was_approved_before_a_hold_was_put_up_does_not_run(
    host: Host, broker: BrokerEnd
) -> None:
    seat = await sit(host, broker, mode="approve")
    seat.types("half a line")
    await seat.until_printed(b"half a line")
    await broker.send(Propose("v1", TERMINAL, "echo pool", "", ""))
    await broker.until_in(LOG, b'"proposed"')
    await host.do("approve", proposal="r1p1")
    await host.do("hold", text="leave the pool alone", patterns=["pool"])
    await broker.until_in(LOG, b'"why": "a hold was put up: leave the pool alone"')
    seat.types("\x03")
    await seat.until_printed(b"^C\r\n$ ")  # what the shell has read until here it throws away
    seat.types("echo cle''ar\r")
    await seat.until_printed(b"clear\r\n")
    assert host.logged("ran") == []
    assert b"echo pool" not in seat.printed


# --- the link and the recorder --------------------------------------------------------------------


async def test_after_revoking_nothing_leaves_the_host_until_the_end(
    host: Host, broker: BrokerEnd
) -> None:
    seat = await sit(host, broker)
    seat.types("echo bef''ore\r")
    await broker.until_in(TERMINAL, b"before")
    await host.do("revoke")
    await broker.until_in(LOG, b'"revoked"')
    seat.types("echo sec''ret\r")
    await seat.until_printed(b"secret")
    await broker.cut()
    await broker.until_heard(Hello, 2)
    os.kill(host.pid(), signal.SIGKILL)
    with pytest.raises(EOFError):
        await seat.until(Ended)
    await host.start()
    seat = await take_seat(host)
    await seat.until_printed(b"$ ")
    seat.types("echo more sec''ret\r")
    await seat.until_printed(b"more secret")
    await broker.until_in("run-2.log", b'"entered"')
    assert not [name for name, copy in broker.streams.items() if b"secret" in copy]
    await host.do("end")
    await broker.until(lambda: Leave("ended") in broker.heard, "the end")
    await host.gone()
    for name, copy in broker.streams.items():
        assert (host.folder / name).read_bytes() == copy, name
    assert b"secret" in broker.streams[TERMINAL]
    assert b"more secret" in broker.streams["run-2.terminal-1.cast"]


@pytest.mark.parametrize("kind", NARROWER)
async def test_a_recorder_that_is_killed_allows_no_more_in_its_next_run(
    host: Host, broker: BrokerEnd, kind: str
) -> None:
    changes, command, args = NARROWER[kind]
    seat = await sit(host, broker, **changes)
    if command:
        await host.do(command, **args)
    else:
        await broker.until_in(LOG, b'"expired"')
    before = await host.do("status")
    os.kill(host.pid(), signal.SIGKILL)
    with pytest.raises(EOFError):
        await seat.until(Ended)
    await host.start()
    seat = await take_seat(host)
    after = await host.do("status")
    assert (after["mode"], after["standing"]) == (before["mode"], before["standing"])
    await broker.until_in("run-2.log", b'"link_up"')
    await broker.send(Joined("v2", "bob"))
    terminal = "run-2.terminal-1.cast"
    await broker.send(Input(terminal, "v2", b"echo inject''ed\r"))
    await broker.send(Propose("v2", terminal, "echo inject''ed", "", ""))
    await broker.until_in("run-2.log", b'"refused"')
    (refused,) = host.logged("refused", 2)
    assert refused["why"] == WHY.get(kind, kind)
    assert not host.logged("proposed", 2)
    await seat.until_printed(b"$ ")
    assert b"inject" not in seat.printed


async def test_what_was_allowed_unasked_is_not_in_the_next_run(
    host: Host, broker: BrokerEnd
) -> None:
    seat = await sit(host, broker, **BASH, mode="approve")
    await broker.send(Propose("v1", TERMINAL, "echo one", "", ""))
    await broker.until_in(LOG, b'"proposed"')
    await host.do("approve", proposal="r1p1", times=5)
    await seat.until_printed(b"one\r\n")
    assert (await host.do("status"))["allowed"] == [{"person": "alice", "times": 5, "kind": ""}]
    os.kill(host.pid(), signal.SIGKILL)
    with pytest.raises(EOFError):
        await seat.until(Ended)
    await host.start()
    await take_seat(host)
    await broker.until_in("run-2.log", b'"link_up"')
    await broker.send(Joined("v2", "alice"))
    await broker.send(Propose("v2", "run-2.terminal-1.cast", "echo two", "", ""))
    await broker.until_in("run-2.log", b'"proposed"')
    facts = await host.do("status")
    assert facts["allowed"] == []
    assert [one["proposal"] for one in facts["proposals"]] == ["r2p1"]
