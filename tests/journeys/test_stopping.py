"""A broker that is told to stop does, in seconds, and hosts have what it signed last."""

import signal
import sys
import time
from pathlib import Path

from broker.recording import receipts
from broker.wire.names import RECEIPTS
from tests.journeys import hanging_disk
from tests.journeys.broker import Engineer
from tests.journeys.recording import LOG, TERMINAL, output
from tests.journeys.waiting import until
from tests.journeys.world import World

STOP_SECONDS = 30.0
"""Ten, and what a busy machine takes beside; what hangs here would hang for ever."""


async def test_with_a_disk_that_hangs(world: World, alice: Engineer, tmp_path: Path) -> None:
    flag = tmp_path / "hangs"
    await world.broker.stop()
    world.broker.prefix = (sys.executable, "-P", hanging_disk.__file__, str(flag))
    await world.broker.start()
    customer = await world.granted()
    flag.touch()
    await customer.runs("echo while it hangs")
    await until(flag.read_text, "a write that hangs")
    told = time.monotonic()
    assert await world.broker.stop() == 1
    assert time.monotonic() - told < STOP_SECONDS
    flag.unlink()
    await world.broker.start()
    await world.end(customer)
    streams = await world.both_copies(customer, alice)
    assert "while it hangs" in output(streams[TERMINAL])


async def test_with_hosts_that_read_nothing(world: World, alice: Engineer) -> None:
    customer = await world.granted()
    uplink = customer.part("uplink")
    uplink.kill(signal.SIGSTOP)
    await customer.runs("echo while it stands")
    told = time.monotonic()
    assert await world.broker.stop() == 0
    assert time.monotonic() - told < STOP_SECONDS
    uplink.kill(signal.SIGCONT)
    await world.broker.start()
    await world.end(customer)
    await world.both_copies(customer, alice)


async def test_hosts_have_receipts_for_all_that_was_held(world: World) -> None:
    customer = await world.granted()

    def signed() -> dict[str, int]:
        file = customer.state / customer.session / RECEIPTS
        written = file.read_bytes() if file.exists() else b""
        found = receipts.read(customer.session, written[: written.rfind(b"\n") + 1])
        return {name: one.fields["offset"] for name, one in found.chain.held.items()}

    await until(lambda: signed().keys() == {LOG, TERMINAL}, "receipts of both streams")
    await customer.runs("echo right after one, so that the next would be due in seconds")
    facts = await customer.status()
    held = {one["name"]: one["held"] for one in facts["streams"]}
    assert await world.broker.stop() == 0
    await until(
        lambda: all(signed()[name] >= held[name] for name in held), "receipts for what was held"
    )
    await world.broker.start()
    await world.end(customer)
