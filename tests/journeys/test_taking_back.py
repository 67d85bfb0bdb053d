"""The customer takes back: by one key whatever fills their screen, and by commands of any shell."""

import sys
import time

import pytest

from broker.host.session_file import load
from tests.journeys.broker import JUMPSEAT, Engineer
from tests.journeys.customer import Customer
from tests.journeys.panel import Panel
from tests.journeys.recording import LOG, TERMINAL, output
from tests.journeys.terminal import Terminal
from tests.journeys.viewer import Viewer, viewing
from tests.journeys.world import World

FROZEN_SECONDS = 0.1
PAGE_SECONDS = 1.0
SLOW = 100
"""A shared machine may be so many times slower; what was measured is printed (pytest -s)."""
NOT_DONE = 5


def session_time(customer: Customer) -> float:
    """What the recorder's clock says now."""
    began = load(customer.state / customer.session).began_boottime
    return time.clock_gettime(time.CLOCK_BOOTTIME) - began


async def takes_back(customer: Customer, viewer: Viewer, times: int) -> None:
    """Press the key; until engineers are held off, and until they see it, in seconds."""
    pressed = session_time(customer)
    Panel(customer).reins()
    entry = await viewer.until_logged("taken_back", times)
    seen = session_time(customer)
    sys.stdout.write(
        f"\nkey to frozen: {1000 * (entry['t'] - pressed):.0f} ms, "
        f"to the engineer's page: {1000 * (seen - pressed):.0f} ms"
    )
    assert entry["t"] - pressed < FROZEN_SECONDS * SLOW
    assert seen - pressed < PAGE_SECONDS * SLOW


async def is_frozen(customer: Customer, viewer: Viewer, times: int) -> None:
    """Nothing of the engineer's arrives."""
    await viewer.type(TERMINAL, "NEVER")
    refused = await viewer.until_logged("refused", times)
    assert refused["why"] == "taken-back"


async def test_by_one_key_in_full_screens_and_floods(world: World, alice: Engineer) -> None:
    customer = await world.granted("--mode", "control")
    panel, seat = Panel(customer), customer.terminal
    (world.folder / "notes").write_text("".join(f"line {n}\n" for n in range(200)))

    async with viewing(world.broker, customer.session, alice) as viewer:
        await viewer.follow(LOG)
        await viewer.follow(TERMINAL)
        await viewer.nobody_types(customer)

        # In vim, which the engineer types into.
        await viewer.type(TERMINAL, f"vim -u NONE {world.folder}/notes\n")
        await viewer.sees(TERMINAL, "line 20")
        await viewer.type(TERMINAL, "Goby-alice ")
        await viewer.sees(TERMINAL, "by-alice")
        await takes_back(customer, viewer, 1)
        await is_frozen(customer, viewer, 1)
        seat.type("and-me")
        await viewer.sees(TERMINAL, "by-alice and-me")

        # The same key gives back.
        panel.reins()
        await viewer.until_logged("given_back")
        await viewer.nobody_types(customer)
        await viewer.type(TERMINAL, " again")
        await viewer.sees(TERMINAL, "by-alice and-me again")
        await viewer.type(TERMINAL, "\x1b:wq\n")
        await seat.expect("\x1b[?1049l")
        await customer.at_shell()

        # While the screen is flooded, and with the engineer's keys in between.
        await viewer.nobody_types(customer)
        await viewer.type(TERMINAL, "yes\n")
        await seat.expect("y\r\ny\r\ny\r\n")
        await takes_back(customer, viewer, 2)
        await viewer.type(TERMINAL, "\x03")
        await viewer.withdraw("none")  # what came before it was looked at
        await viewer.is_declined("unknown-proposal")
        printed = len(seat.printed)
        await seat.until(lambda: len(seat.printed) > printed + 1_000_000, "the flood to go on")
        seat.type("\x03")
        await customer.at_shell()

        # By a command, and given back by one.
        await customer.does("give-back")
        await viewer.until_logged("given_back", 2)
        assert "taken back" in await customer.does("take-back")
        await viewer.until_logged("taken_back", 3)
        assert (await customer.status())["standing"] == "taken-back"

    assert (world.folder / "notes").read_text().endswith("by-alice and-me again\n")
    await world.end(customer)
    streams = await world.both_copies(customer, alice)
    assert "NEVER" not in output(streams[TERMINAL])


async def at_a_terminal(customer: Customer, *arguments: str, answer: str) -> tuple[int, str]:
    """Run a command in another terminal of the customer's, and answer what it asks."""
    other = Terminal()
    await other.run([*customer.program, *arguments], customer.env)
    await other.expect('Type "I agree"')
    other.type(answer + "\n")
    status = await other.ended()
    await other.expect("\n")
    told = bytes(other.printed).decode()
    await other.close()
    return status, told


async def test_widened_by_typed_words_and_narrowed_by_none(world: World, alice: Engineer) -> None:
    customer = await world.granted("--for", "30m")
    panel, seat = Panel(customer), customer.terminal

    async with viewing(world.broker, customer.session, alice) as viewer:
        await viewer.follow(LOG)
        await viewer.follow(TERMINAL)
        await viewer.request("control")
        await viewer.request("time")
        await viewer.until_logged("requested", 2)

        # From another shell; the wrong words change nothing.
        for answer in ("", "yes", "I AGREE"):
            status, told = await at_a_terminal(customer, "mode", "control", answer=answer)
            assert status == NOT_DONE
            assert "I agree" in told.splitlines()[-1]
        assert (await customer.status())["mode"] == "approve"
        status, told = await at_a_terminal(customer, "mode", "control", answer="I agree")
        assert (status, "TYPE INTO THEM" in " ".join(told.split())) == (0, True)
        widened = await viewer.until_logged("mode_changed")
        assert (widened["mode"], widened["answer"]) == ("control", "I agree")
        assert "TYPE INTO THEM" in " ".join(widened["text"].split())
        answered = await viewer.until_logged("request_answered")
        assert (answered["what"], answered["answer"]) == ("control", "yes")
        assert (await at_a_terminal(customer, "extend", "1h", answer="I agree"))[0] == 0
        extended = await viewer.until_logged("extended")
        assert extended["until"] == pytest.approx(90 * 60, abs=60)
        await viewer.until_logged("request_answered", 2)
        summary = await world.broker.summary(customer.session, alice)
        assert (summary["mode"], summary["standing"]) == ("control", "live")

        # Without a terminal nobody can type them.
        status, out, err = await customer.command("extend", "10m")
        assert (status, out) != (0, "")
        assert "terminal" in err

        # One key narrows it, from the seat; typing is over with it.
        panel.press("\x1dw")
        narrowed = await viewer.until_logged("mode_changed", 2)
        assert (narrowed["mode"], narrowed["before"]) == ("watch", "control")
        await viewer.nobody_types(customer)
        await viewer.type(TERMINAL, "NEVER")
        assert (await viewer.until_logged("refused"))["why"] == "mode"

        # Asked for from inside the recorded shell, it is put before the seat: an engineer may
        # have typed it.
        seat.type(f"{JUMPSEAT} mode control; echo status-$?\n")
        await panel.shows("this gives the engineers more")
        await panel.fills_in('Type "I agree"', "nonsense")
        await seat.expect("status-5")
        seat.type(f"{JUMPSEAT} extend 10m; echo status-$?\n")
        await panel.shows("this gives the engineers more")
        await panel.fills_in('Type "I agree"', "I agree")
        await seat.expect("status-0")
        await viewer.until_logged("extended", 2)
        assert len(customer.logged("mode_changed")) == 2
        # What takes from the engineers is done from there at once.
        await customer.runs(f"{JUMPSEAT} take-back")
        assert (await customer.status())["standing"] == "taken-back"

    await world.end(customer)
    await world.both_copies(customer, alice)


async def test_revoked_for_good(world: World, alice: Engineer) -> None:
    customer = await world.granted("--mode", "control")
    seat = customer.terminal

    async with viewing(world.broker, customer.session, alice) as viewer:
        await viewer.follow(LOG)
        await viewer.follow(TERMINAL)
        await customer.runs("echo bef''ore")
        await viewer.gets(TERMINAL, "before")
        await viewer.nobody_types(customer)

        began = session_time(customer)
        assert "revoked" in await customer.does("revoke")
        entry = await viewer.until_logged("revoked")
        seen = session_time(customer)
        sys.stdout.write(
            f"\nrevoke: {1000 * (entry['t'] - began):.0f} ms for the command, "
            f"at most {1000 * (seen - entry['t']):.0f} ms more to the engineer's page"
        )
        assert seen - began < PAGE_SECONDS * SLOW
        await viewer.type(TERMINAL, "NEVER")
        assert (await viewer.until_logged("refused"))["why"] == "revoked"
        await viewer.send_proposal("echo never")
        await viewer.is_declined("revoked")
        await viewer.request("time")

        # The shell goes on, and what it prints stays on the host; nothing gives it back.
        known = viewer.copies[TERMINAL].end
        await customer.runs("echo mi''ne-alone")
        for command in (("mode", "approve"), ("give-back",), ("extend", "10m")):
            status, _, err = await customer.command(*command)
            assert (status, bool(err)) != (0, False)
        facts = await customer.status()
        assert (facts["standing"], facts["mode"]) == ("revoked", "control")
        await viewer.until_logged("command_ended", len(customer.logged("command_ended")))
        assert viewer.copies[TERMINAL].end == known
        assert b"mine-alone" not in await world.broker.stream(customer.session, TERMINAL, alice)
        summary = await world.broker.summary(customer.session, alice)
        assert summary["standing"] == "revoked"

        # When the session has ended, all of it is delivered.
        seat.type("exit\n")
        assert await seat.ended() == 0
        await viewer.is_told("ended")

    await world.end_of(customer)
    streams = await world.both_copies(customer, alice)
    assert "mine-alone" in output(streams[TERMINAL])
    assert "NEVER" not in output(streams[TERMINAL])


async def test_a_short_grant_expires_and_is_extended(world: World, alice: Engineer) -> None:
    customer = await world.granted("--mode", "control", "--for", "4s")
    async with viewing(world.broker, customer.session, alice) as viewer:
        await viewer.follow(LOG)
        await viewer.follow(TERMINAL)
        expired = await viewer.until_logged("expired")
        assert 3.9 <= expired["t"] < 4 + SLOW * FROZEN_SECONDS
        await viewer.type(TERMINAL, "NEVER")
        assert (await viewer.until_logged("refused"))["why"] == "expired"
        await viewer.request("time")
        await viewer.until_logged("requested")
        panel = Panel(customer)
        await panel.answers("alice asks for more time", "Esc: later")
        panel.press("\x1b")
        await panel.is_gone()
        assert (await at_a_terminal(customer, "extend", "10m", answer="I agree"))[0] == 0
        assert (await viewer.until_logged("request_answered"))["answer"] == "yes"
        await viewer.nobody_types(customer)
        await viewer.type(TERMINAL, "echo agre''ed\n")
        await customer.terminal.expect("agreed")
    await world.end(customer)
    streams = await world.both_copies(customer, alice)
    assert "NEVER" not in output(streams[TERMINAL])
