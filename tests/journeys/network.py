"""Hosts of their own on this machine: network namespaces, joined to this one by cables.

Addresses are of the range that is kept free for measuring networks (RFC 2544), a piece of it
chosen anew each time, so that two runs don't meet.
"""

import os
import random
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

needs_namespaces = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("nft"), reason="network namespaces need root and nft"
)


def run(*command: str, given: str = "") -> None:
    """Run a command, which must succeed."""
    done = subprocess.run(command, input=given, text=True, capture_output=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr}"


def free_prefix() -> str:
    """The first three bytes of addresses that nobody has."""
    used = subprocess.run(["ip", "-4", "-o", "address"], text=True, capture_output=True, check=True)
    while True:
        prefix = f"198.{random.choice((18, 19))}.{random.randrange(256)}"  # noqa: S311 - no secret
        if f" {prefix}." not in used.stdout:
            return prefix


def short_name() -> str:
    """A name for a namespace or, with two more letters, for a network device."""
    return f"js-{uuid.uuid4().hex[:8]}"


def inside(namespace: str, *command: str) -> list[str]:
    """How to run a command on that host."""
    return ["ip", "netns", "exec", namespace, *command]


class Cable:
    """From one host to the switch."""

    def __init__(self, namespace: str, outer: str, inner: str) -> None:
        self.namespace = namespace
        self.inner = inner
        """Its end at that host."""
        self._outer = outer

    def pull(self) -> None:
        """Neither end sees a link any more."""
        run("ip", "link", "set", self._outer, "down")

    def plug(self) -> None:
        """Put it in again."""
        run("ip", "link", "set", self._outer, "up")

    def swallow(self) -> None:
        """Drop every packet without a word, both ways."""
        rules = """
            table inet journey {
                chain in { type filter hook input priority 0; policy drop; }
                chain out { type filter hook output priority 0; policy drop; }
            }"""
        run(*inside(self.namespace, "nft", "-f", "-"), given=rules)

    def heal(self) -> None:
        """Let them through again."""
        run(*inside(self.namespace, "nft", "delete", "table", "inet", "journey"))


class Switch:
    """Where cables meet; this machine is at ``address``."""

    def __init__(self, name: str, prefix: str) -> None:
        self._name = name
        self._prefix = prefix
        self.address = f"{prefix}.1"
        self.cables: list[Cable] = []

    def cable(self) -> Cable:
        """One more host, and its cable."""
        n = len(self.cables)
        namespace, outer, inner = (f"{self._name}{kind}{n}" for kind in "hoi")
        run("ip", "netns", "add", namespace)
        cable = Cable(namespace, outer, inner)
        self.cables.append(cable)
        run("ip", "link", "add", outer, "type", "veth", "peer", inner, "netns", namespace)
        run("ip", "link", "set", outer, "master", self._name, "up")
        there = ("ip", "-n", namespace)
        run(*there, "address", "add", f"{self._prefix}.{n + 2}/24", "dev", inner)
        run(*there, "link", "set", inner, "up")
        run(*there, "link", "set", "lo", "up")
        return cable

    def close(self) -> None:
        """Away with the hosts, their cables and the switch."""
        for cable in self.cables:
            run("ip", "netns", "delete", cable.namespace)
        run("ip", "link", "delete", self._name)


@contextmanager
def switched() -> Iterator[Switch]:
    """A switch without cables yet; it and they are gone afterwards."""
    name, prefix = short_name(), free_prefix()
    run("ip", "link", "add", name, "type", "bridge")
    switch = Switch(name, prefix)
    try:
        run("ip", "address", "add", f"{switch.address}/24", "dev", name)
        run("ip", "link", "set", name, "up")
        yield switch
    finally:
        switch.close()
