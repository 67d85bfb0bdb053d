"""A real session that is sealed when it is over, and what can be done with it with a key."""

import json
import shutil
import sys

import pyrage  # type: ignore[import-untyped]
import pytest

from tests.journeys.broker import Engineer
from tests.journeys.recording import LOG, TERMINAL
from tests.journeys.terminal import run
from tests.journeys.waiting import until
from tests.journeys.world import World


@pytest.mark.skipif(shutil.which("age") is None, reason="age is not installed")
async def test_a_session_is_sealed_when_it_is_over(world: World, alice: Engineer) -> None:
    identity = pyrage.x25519.Identity.generate()
    key, config = world.folder / "officer.key", world.folder / "broker.toml"
    key.touch(0o600)
    key.write_text(f"{identity}\n")
    config.write_text(f'[at_rest]\nrecipients = ["{identity.to_public()}"]\n')
    await world.broker.stop()
    world.broker.options = ("--config", str(config))
    await world.broker.start()

    customer = await world.granted("--mode", "control")
    await customer.runs("echo quite-$((40 + 2))-secret")
    await world.end(customer)
    folder = world.broker.data / "recordings" / customer.session
    await until(
        lambda: (
            {path.name for path in folder.iterdir()}
            == {"receipts", f"{LOG}.age", f"{TERMINAL}.age"}
        ),
        "the session to be sealed",
    )

    # The officer has it, byte for byte as the customer's host does.
    out, bundle = world.folder / "out", world.folder / "session.age"
    with_key = ("--identity", str(key))
    await world.broker.command("export", customer.session, "-o", str(out), *with_key)
    for name in (LOG, TERMINAL):
        assert (out / name).read_bytes() == customer.stream(name)
    verify = ("verify", customer.session, "--json")
    assert json.loads(await world.broker.command(*verify, *with_key))["verdict"] == "VERIFIED"

    # Carried elsewhere encrypted, and checked where there is nothing but Python and age.
    to = ("--recipient", str(identity.to_public()))
    await world.broker.command("bundle", customer.session, "-o", str(bundle), *with_key, *to)
    assert b"quite-42-secret" not in bundle.read_bytes()
    signer = json.loads(await world.broker.command("keys", "--json"))[-1]["key"]
    program = world.folder / "jumpseat.pyz"
    program.write_bytes((await world.broker.request("GET", "/jumpseat.pyz")).body)
    checked = [sys.executable, "-I", "-S", str(program), "verify", str(bundle), "--key", signer]
    status, told, said = await run([*checked, *with_key], world.env)
    assert (status, "VERIFIED" in told) == (0, True), said
    status, _, said = await run([*checked, *with_key], {**world.env, "PATH": "/nowhere"})
    assert status == 3
    assert "install age" in said
