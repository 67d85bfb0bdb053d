"""What runs inside the recorded shell may have been typed by an engineer: it gives them nothing."""

import os
import shutil

from tests.journeys.broker import JUMPSEAT, Engineer
from tests.journeys.customer import Customer
from tests.journeys.recording import LOG, TERMINAL
from tests.journeys.viewer import viewing
from tests.journeys.waiting import until
from tests.journeys.world import World

REFUSED = 5
# Ways for a process to leave its parents behind.
DETACHED = ("setsid -f {}", "nohup {}", "( ( {} ) & )", "setsid -f nohup setsid -f {}")


class Inside:
    """Runs commands of ours in the recorded shell, in one way or another."""

    def __init__(self, customer: Customer) -> None:
        self._customer = customer
        self._folder = customer.state.parent / "results"
        self._folder.mkdir()
        self._count = 0

    async def is_refused(self, command: str, way: str = "{}") -> None:
        """Run a command; it must say that it is not done from there."""
        self._count += 1
        said, status, run = (
            self._folder / f"{name}{self._count}" for name in ("said", "st", "run")
        )
        run.write_text(
            f"#!/bin/sh\n{' '.join(self._customer.program)} {command} > {said} 2>&1\n"
            f"echo $? > {status}.new && mv {status}.new {status}\n"
        )
        run.chmod(0o755)
        self._customer.terminal.type(f"{way.format(run)}\n")
        await until(status.exists, f"{command} by {way}")
        told = (int(status.read_text()), "not from inside the session" in said.read_text())
        assert told == (REFUSED, True), said.read_text()
        await self._customer.runs("true")


async def test_what_gives_more_is_not_taken_from_inside(world: World, alice: Engineer) -> None:
    customer = await world.granted()
    inside = Inside(customer)

    async with viewing(world.broker, customer.session, alice) as viewer:
        await viewer.follow(LOG)
        await viewer.follow(TERMINAL)
        proposal = await viewer.propose("echo never-$((40 + 2))")
        await customer.does("hold", "do not touch", "--stop", "zpool")
        hold = (await customer.status())["holds"][0]["hold"]

        for way in ("{}", *DETACHED):
            await inside.is_refused(f"approve {proposal}", way)
        await inside.is_refused(f"lift {hold}")
        if os.geteuid() == 0 and shutil.which("sudo"):
            await inside.is_refused(f"approve {proposal}", "sudo -n -E {}")

        # What takes from them is.
        await customer.runs(f"{JUMPSEAT} hold 'nor this' --stop mdb")
        await customer.runs(f"{JUMPSEAT} refuse {proposal} no")
        await viewer.until_logged("proposal_refused")
        await customer.runs(f"{JUMPSEAT} mode watch")
        assert (await viewer.until_logged("mode_changed"))["mode"] == "watch"
        await customer.runs(f"{JUMPSEAT} take-back")
        await viewer.until_logged("taken_back")
        for way in ("{}", DETACHED[0], DETACHED[2]):
            await inside.is_refused("give-back", way)
        # The page's link is not printed where engineers see it.
        await customer.runs(f"{JUMPSEAT} status")
        assert b"/customer/" not in customer.stream(TERMINAL)
        facts = await customer.status()
        assert (facts["standing"], facts["mode"]) == ("taken-back", "watch")
        assert len(facts["holds"]) == 2
        await customer.runs(f"{JUMPSEAT} revoke")
        await viewer.until_logged("revoked")
        customer.terminal.type(f"{JUMPSEAT} end\n")
        await viewer.is_told("ended")

    await customer.terminal.ended()
    await world.end_of(customer)
    assert not any(customer.logged(event) for event in ("approved", "given_back", "hold_lifted"))
