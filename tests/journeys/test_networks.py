"""A network that swallows every packet without a word, in a namespace that the test makes."""

import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.journeys.recording import LOG, TERMINAL
from tests.journeys.viewer import viewing
from tests.journeys.world import World

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("nft"), reason="a network namespace needs root and nft"
)

# Addresses that the Internet keeps free for such things (RFC 5737).
BROKER, CUSTOMER = "198.51.100.1", "198.51.100.2"


class Network:
    """A host of its own, joined to this one by a cable."""

    def __init__(self, name: str) -> None:
        self.name = name

    def inside(self, *command: str) -> list[str]:
        """How to run a command on that host."""
        return ["ip", "netns", "exec", self.name, *command]

    def swallow(self) -> None:
        """Drop every packet from now on, both ways."""
        rules = """
            table inet journey {
                chain in { type filter hook input priority 0; policy drop; }
                chain out { type filter hook output priority 0; policy drop; }
            }"""
        subprocess.run(self.inside("nft", "-f", "-"), input=rules, text=True, check=True)

    def heal(self) -> None:
        """Let them through again."""
        subprocess.run(self.inside("nft", "delete", "table", "inet", "journey"), check=True)


@contextmanager
def network() -> Iterator[Network]:
    """Make the other host; it is gone afterwards."""
    name = f"js-{uuid.uuid4().hex[:8]}"
    ours, theirs = f"{name}a"[:15], f"{name}b"[:15]
    run = subprocess.run
    run(["ip", "netns", "add", name], check=True)
    try:
        run(["ip", "link", "add", ours, "type", "veth", "peer", theirs, "netns", name], check=True)
        run(["ip", "address", "add", f"{BROKER}/30", "dev", ours], check=True)
        run(["ip", "link", "set", ours, "up"], check=True)
        there = ["ip", "-n", name]
        run([*there, "address", "add", f"{CUSTOMER}/30", "dev", theirs], check=True)
        run([*there, "link", "set", theirs, "up"], check=True)
        run([*there, "link", "set", "lo", "up"], check=True)
        yield Network(name)
    finally:
        run(["ip", "netns", "delete", name], check=True)


async def test_packets_are_dropped(world: World) -> None:
    await world.broker.stop()
    with network() as cable:
        world.broker.listen_at(BROKER)
        await world.broker.start()
        alice = await world.broker.sign_in("alice")
        customer = world.customer()
        customer.program = (*cable.inside(), *customer.program)
        invitation = await world.broker.invite()
        await customer.grants(invitation.code, world.broker.url, "--mode", "control")

        async with viewing(world.broker, customer.session, alice) as viewer:
            await viewer.follow(LOG)
            await viewer.follow(TERMINAL)
            await viewer.is_told("at-keyboard")
            cable.swallow()
            await customer.runs("echo meanwhile-$((40 + 2))")
            await viewer.is_told("link-lost")
            await customer.until_logged("link_lost")
            assert "meanwhile-42" not in viewer.copies[TERMINAL].screen().text

            cable.heal()
            await viewer.sees(TERMINAL, "meanwhile-42")
            await viewer.is_told("at-keyboard")
            await customer.until_logged("link_up", times=2)
            assert customer.logged("link_up")[-1]["cause"] == "network lost"

        await world.end(customer)
        await world.both_copies(customer, alice)
        await world.broker.stop()
