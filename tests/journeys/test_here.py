"""``jumpseat shell``: a shell in another window, and in the panes of tmux, is one more terminal."""

import asyncio
import functools
import re
import shutil

import pytest

from broker.recording import asciicast
from broker.recording.session_log import Entry
from tests.journeys.broker import Engineer
from tests.journeys.customer import Customer
from tests.journeys.recording import LOG, TERMINAL, output
from tests.journeys.terminal import Terminal
from tests.journeys.viewer import viewing
from tests.journeys.waiting import PATIENCE_SECONDS, until
from tests.journeys.world import World

SECOND = "run-1.terminal-2.cast"
UNRECORDED = 75


async def test_another_window_is_the_customers(world: World) -> None:
    customer = await world.granted("--mode", "control")
    window = Terminal((100, 30))
    await window.run([*customer.program, "shell"], {**customer.env, "CANARY": "kept"})
    await window.expect(re.compile(rb"[$#] "))
    window.type("echo $CANARY-$((40 + 2)); stty size\n")
    await window.expect("kept-42")
    await window.expect("30 100")
    assert "kept-42" in printed(customer)
    assert await seated(customer) == [True, True]

    # A terminal that is recorded already is not recorded twice.
    await customer.runs(f"{customer.program[0]} shell; echo said=$?")
    assert f"said={UNRECORDED}" in printed(customer, TERMINAL)

    # With a window left, the customer is there; its shell's end is its own.
    customer.terminal.hang_up()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await seated(customer) != [False, True]:
            pass
    assert not customer.logged("detached")
    window.type("exit 6\n")
    assert await window.ended() == 6
    assert (await customer.until_logged("detached"))["why"] == "its shell has ended"
    assert not customer.logged("ended")

    # A shell ends with the window that it is in.
    window = Terminal()
    await window.run([*customer.program, "shell"], customer.env)
    await window.expect(re.compile(rb"[$#] "))
    window.hang_up()
    await customer.until_logged("closed", 2)


async def seated(customer: Customer) -> list[bool]:
    """At which terminals the customer is."""
    return [one["seated"] for one in (await customer.status())["terminals"]]


def printed(customer: Customer, terminal: str = SECOND) -> str:
    """What a terminal has printed so far; its last line may be half written just now."""
    cast = customer.stream(terminal)
    return output(cast[: asciicast.whole_lines(cast)])


def started(customer: Customer, line: str) -> list[Entry]:
    """What was logged of the beginning of this command."""
    return [one for one in customer.logged("command_started") if one["line"] == line]


async def test_without_a_session_there_is_no_shell(world: World) -> None:
    customer = world.customer()
    window = await customer.asks("shell")
    assert await window.ended() == UNRECORDED
    assert b"no recorder of a session is running here" in window.printed


@pytest.mark.skipif(not shutil.which("tmux"), reason="tmux is not installed")
async def test_panes_of_tmux_are_terminals(world: World, alice: Engineer) -> None:
    customer = await world.granted("--mode", "control")
    home = customer.state.parent
    (home / "tmux").write_text(f'set -g default-command "{customer.program[0]} shell"\n')
    async with viewing(world.broker, customer.session, alice) as viewer:
        await viewer.follow(LOG)
        await viewer.follow(TERMINAL)
        customer.terminal.type(f"tmux -S {home}/socket -f {home}/tmux new-session\n")
        await viewer.follow(SECOND)
        await until(lambda: re.search("[$#] ", printed(customer)), "a prompt in the pane")
        customer.terminal.type("echo customer-$((40 + 2))\n")
        await until(lambda: "customer-42" in printed(customer), "its output")

        # Keys that an engineer types into tmux are theirs in the pane, too.
        await viewer.nobody_types(customer)
        await viewer.type(TERMINAL, "echo alice-$((40 + 2))\n")
        await until(lambda: "alice-42" in printed(customer), "its output")
        for line, shares in (
            ("echo customer-$((40 + 2))", {"customer": 25}),
            ("echo alice-$((40 + 2))", {"alice": 22}),
        ):
            told = await until(functools.partial(started, customer, line), f"{line} to be told")
            assert told[0]["shares"] == shares

        # Whoever has only panes left is away: tmux goes on without them.
        customer.terminal.hang_up()
        await customer.until_logged("input_paused")
        await viewer.type(SECOND, "touch /tmp/never\n")
        await viewer.until(lambda: viewer.logged("refused"), "the refusal")
        assert viewer.logged("refused")[-1]["why"] == "paused"
    await customer.does("end")
    await customer.until_logged("closed", 2)
