"""A host of its own, in a network namespace that the test makes, joined to this one by a cable."""

import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

# Addresses that the Internet keeps free for such things (RFC 5737).
BROKER, CUSTOMER = "198.51.100.1", "198.51.100.2"


class Network:
    """A host of its own, joined to this one by a cable."""

    def __init__(self, name: str, theirs: str) -> None:
        self.name = name
        self.theirs = theirs
        """The end of the cable at that host."""

    def inside(self, *command: str) -> list[str]:
        """How to run a command on that host."""
        return ["ip", "netns", "exec", self.name, *command]

    def run(self, *command: str) -> None:
        """Run a command there, which must succeed."""
        subprocess.run(self.inside(*command), check=True)

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
        yield Network(name, theirs)
    finally:
        run(["ip", "netns", "delete", name], check=True)
