"""Evidence, end to end: packed on either side, checked anywhere, carried to the broker by hand."""

import asyncio
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

from tests.journeys.broker import JUMPSEAT, Engineer
from tests.journeys.customer import Customer
from tests.journeys.recording import LOG, TERMINAL
from tests.journeys.terminal import run
from tests.journeys.test_offline import CASE, ends, grants
from tests.journeys.viewer import viewing
from tests.journeys.waiting import PATIENCE_SECONDS, until
from tests.journeys.world import World

VERIFIED, UNANCHORED, REJECTED = 0, 1, 2


async def broker_key(world: World) -> str:
    """The key that signs now, as an admin reads it out."""
    return str(json.loads(await world.broker.command("keys", "--json"))[-1]["key"])


async def verdict(world: World, *arguments: str) -> tuple[int, Any]:
    """What ``jumpseat verify`` says of a file where nothing is known: its status and its JSON."""
    program = world.folder / "jumpseat.pyz"
    program.write_bytes((await world.broker.request("GET", "/jumpseat.pyz")).body)
    command = [sys.executable, "-I", str(program), "verify", "--json", *arguments]
    status, out, err = await run(command, world.env)
    return status, json.loads(out or json.dumps(err))


def change_a_byte(bundle: Path, changed: Path, name: str, at: int) -> None:
    """Pack the bundle anew, with another byte in one of its files."""
    with zipfile.ZipFile(bundle) as whole, zipfile.ZipFile(changed, "w") as out:
        for member in whole.namelist():
            data = bytearray(whole.read(member))
            if member == name:
                data[at] ^= 1
            out.writestr(member, bytes(data))


async def test_both_sides_pack_what_verifies_anywhere(world: World, alice: Engineer) -> None:
    customer = await world.granted("--mode", "control")
    await customer.runs("echo here-$((40 + 2))")
    live = world.folder / "live.zip"
    await customer.does("bundle", "-o", str(live))  # while it goes on
    key = await broker_key(world)
    status, told = await verdict(world, str(live), "--key", key)
    assert (status, told["complete"]) == (UNANCHORED, False)
    await world.end(customer)
    await world.both_copies(customer, alice)

    ours, theirs = world.folder / "broker.zip", world.folder / "host.zip"
    await world.broker.command("bundle", customer.session, "-o", str(ours))
    await customer.does("bundle", customer.session, "-o", str(theirs))
    for bundle in (ours, theirs):
        status, told = await verdict(world, str(bundle), "--key", key)
        assert (status, told["findings"], told["keys"]) == (VERIFIED, [], [key])
        assert (await verdict(world, str(bundle)))[0] == UNANCHORED
        with zipfile.ZipFile(bundle) as whole:
            assert whole.read(f"streams/{TERMINAL}") == customer.stream(TERMINAL)
            assert whole.read("consent.txt").endswith(b": I agree\n")
            everything = b"".join(map(whole.read, whole.namelist()))
        secrets = json.loads((customer.state / customer.session / "session.json").read_text())
        for secret in (secrets["token"], secrets["page_key"]):
            assert secret
            assert secret.encode() not in everything

    # Each side by itself: who has the keys needs no --key.
    assert "VERIFIED" in await customer.does("verify", customer.session)
    assert "VERIFIED" in await customer.does("verify", str(ours))
    assert "VERIFIED" in await world.broker.command("verify", customer.session)
    await world.broker.command("export", customer.session, "-o", str(world.folder / "out"))
    assert (await verdict(world, str(world.folder / "out"), "--key", key))[0] == VERIFIED

    changed = world.folder / "changed.zip"
    change_a_byte(ours, changed, f"streams/{TERMINAL}", 30)
    status, told = await verdict(world, str(changed), "--key", key)
    places = [(one["code"], one["stream"]) for one in told["findings"]]
    assert (status, places) == (REJECTED, [("malformed", ""), ("digest", TERMINAL)])
    assert told["findings"][1]["offset"] > 30


async def imported(world: World, bundle: Path) -> Any:  # noqa: ANN401 - JSON
    return json.loads(await world.broker.command("import", str(bundle), "--json"))


async def check_at_the_broker(world: World, customer: Customer, alice: Engineer) -> Any:  # noqa: ANN401
    """All of the session is at the broker, which has signed for it: what it tells of it."""
    streams = await world.both_copies(customer, alice)
    assert TERMINAL in streams
    told = json.loads(await world.broker.command("verify", customer.session, "--json"))
    assert told["verdict"] == "VERIFIED", told["findings"]
    timeline = await world.broker.request(
        "GET", f"/api/sessions/{customer.session}/timeline", engineer=alice
    )
    assert timeline.status == 200
    return told


async def test_an_offline_session_is_carried_to_the_broker(world: World, alice: Engineer) -> None:
    customer = world.customer()
    await grants(customer)
    await customer.runs("echo carried-$((40 + 2))")
    await ends(customer)
    bundle = world.folder / "s.zip"
    await customer.does("bundle", "-o", str(bundle))
    assert (await verdict(world, str(bundle)))[0] == UNANCHORED

    first = await imported(world, bundle)
    assert first["session"] == customer.session
    assert first["added"] == sum(len(customer.stream(name)) for name in customer.names())
    assert (first["complete"], first["verdict"]) == (True, "UNANCHORED")
    told = await check_at_the_broker(world, customer, alice)
    assert {one["kind"] for one in told["stretches"]} == {"attested"}
    summary = await world.broker.summary(customer.session, alice)
    assert summary["case"]["title"] == CASE
    assert summary["imported"] > summary["created"]
    assert (await imported(world, bundle))["added"] == 0

    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = await world.broker.request("GET", "/api/search?q=carried-42", engineer=alice)
            if customer.session.encode() in found.body:
                break
            await asyncio.sleep(0.05)

    await world.broker.stop()
    await world.broker.start()
    assert (await check_at_the_broker(world, customer, alice))["complete"]

    # What comes of it verifies where only the broker's key is known.
    await world.broker.command("bundle", customer.session, "-o", str(world.folder / "out.zip"))
    key = await broker_key(world)
    assert (await verdict(world, str(world.folder / "out.zip"), "--key", key))[0] == VERIFIED


async def test_what_the_link_never_brought_is_carried(world: World, alice: Engineer) -> None:
    customer = await world.granted()
    async with viewing(world.broker, customer.session, alice) as viewer:
        await viewer.follow(TERMINAL)
        await customer.runs("echo before-$((40 + 2))")
        await viewer.sees(TERMINAL, "before-42")
    await customer.does("disconnect")
    await customer.until_logged("disconnected")
    await customer.runs("echo behind-$((40 + 2))")
    customer.terminal.type("exit\n")
    await customer.until_logged("ended")
    bundle = world.folder / "s.zip"
    await customer.does("bundle", customer.session, "-o", str(bundle))
    there = (await world.broker.summary(customer.session, alice))["streams"]
    assert sum(one["size"] for one in there) < sum(
        len(customer.stream(n)) for n in customer.names()
    )
    forged = world.folder / "forged.zip"
    change_a_byte(bundle, forged, f"streams/{LOG}", 30)
    status, _, err = await run_import(world, forged)
    assert (status, "REJECTED" in err) == (5, True)

    assert (await imported(world, bundle))["complete"]
    await check_at_the_broker(world, customer, alice)
    await customer.does("reconnect")  # and the host learns that it can go
    await until(lambda: not customer.parts("recorder"), "the recorder to end")


async def run_import(world: World, bundle: Path) -> tuple[int, str, str]:
    return await run([JUMPSEAT, "import", str(bundle), "--data", str(world.broker.data)], world.env)
