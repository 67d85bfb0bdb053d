"""Who is silent is lost, and who is slow is not."""

import asyncio

import pytest

from broker.wire import codec
from broker.wire.messages import Append, Held, Present
from tests.server.casts import LOG, started
from tests.server.peers import Site


@pytest.fixture(autouse=True)
def _patient() -> None:
    """As patient as the broker is."""


async def test_a_silent_host_is_lost(site: Site) -> None:
    granted = await site.grant()
    async with site.viewing(granted["session"]) as viewer, site.connected(granted) as (host, _):
        host.answers_pings = False
        await viewer.wait(Present, lambda present: present.state == "link-lost")


async def test_a_message_that_takes_long_to_come_is_a_sign_of_life(site: Site) -> None:
    silent, slow = await site.grant(), await site.grant()
    piece = codec.encode(Append(LOG, 0, started()))
    frame = b"\x82\xfe" + len(piece).to_bytes(2, "big") + bytes(4) + piece  # masked with zeros
    assert len(piece) > 125
    async with site.viewing(silent["session"]) as viewer, site.connected(slow) as (host, _):
        wire = host.ws.get_extra_info("socket").dup()
        async with site.connected(silent) as (gone, _), asyncio.TaskGroup() as group:
            gone.answers_pings = host.answers_pings = False

            async def trickle() -> None:
                sent = 0
                while viewer.present is None or viewer.present.state != "link-lost":
                    sent += wire.send(frame[sent : sent + 1])
                    await asyncio.sleep(0.3)  # the pace of a slow link, and no wait
                wire.sendall(frame[sent:])

            group.create_task(trickle())
            await viewer.wait(Present, lambda present: present.state == "link-lost")
        wire.close()
        await host.wait(Held)
