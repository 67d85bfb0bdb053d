"""The disk fills, on either side, and later has room again: nothing that is held is lost."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.journeys.broker import Engineer
from tests.journeys.recording import LOG, TERMINAL, events, output
from tests.journeys.viewer import viewing
from tests.journeys.world import World

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """A file system of its own in ``folder``."""
    folder.mkdir(exist_ok=True, mode=0o700)
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "journey", folder], check=True
    )
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path) -> Path:
    """Take all the room that there is; the file that takes it."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return filler


async def test_the_hosts_disk_fills(world: World, alice: Engineer) -> None:
    customer = world.customer()
    with small_disk(customer.state, 4):
        invitation = await world.broker.invite()
        await customer.grants(invitation.code, world.broker.url, "--mode", "control")
        async with viewing(world.broker, customer.session, alice) as viewer:
            await viewer.follow(LOG)
            await viewer.follow(TERMINAL)
            filler = fill(customer.state)

            # The customer's shell goes on, and they are told.
            await customer.runs("echo unrecorded-$((40 + 2)); seq 1 100000")
            assert b"unrecorded-42" in customer.terminal.printed
            assert b"disk is full" in customer.terminal.printed
            # The engineer's input is refused.
            await viewer.type(TERMINAL, "echo never-$((40 + 2))\n")
            await viewer.until(lambda: viewer.logged("refused"), "the refusal")
            assert viewer.logged("refused")[0]["why"] == "disk-full"

            filler.unlink()
            await viewer.until(lambda: viewer.logged("gap"), "the gap")
            assert viewer.logged("gap")[0]["cause"] == "disk-full"
            await viewer.nobody_types(customer)
            await viewer.type(TERMINAL, "echo again-$((40 + 2))\n")
            await customer.terminal.expect("again-42")

        await world.end(customer)
        streams = await world.both_copies(customer, alice)
        printed = output(streams[TERMINAL])
        assert "again-42" in printed
        assert "never" not in printed
        (gap,) = customer.logged("gap")
        inside = [one for one in events(streams[TERMINAL]) if gap["since"] < one.t < gap["until"]]
        assert [one for one in inside if one.code == "o"] == []


async def test_the_brokers_disk_fills(world: World) -> None:
    await world.broker.stop()
    with small_disk(world.broker.data, 8):
        await world.broker.start()
        alice = await world.broker.sign_in("alice")
        customer = await world.granted()
        filler = fill(world.broker.data)

        await customer.runs("seq 1 50000")
        assert (await customer.status())["unheld"] > 0
        assert (await world.broker.request("GET", "/healthz")).status == 200

        filler.unlink()
        await world.end(customer)
        streams = await world.both_copies(customer, alice)
        assert "50000" in output(streams[TERMINAL])
        await world.broker.stop()
