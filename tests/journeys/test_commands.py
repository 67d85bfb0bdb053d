"""Every command is an event: what was run, where, by whom, and how it ended."""

import json
from typing import Any

from tests.journeys.broker import Engineer
from tests.journeys.customer import Customer
from tests.journeys.recording import LOG, TERMINAL, events, output
from tests.journeys.viewer import viewing
from tests.journeys.world import World

_HERE_DOCUMENT = "cat <<END | wc -l\none\ntwo\nEND"


async def test_commands_of_both_with_their_ends(world: World, alice: Engineer) -> None:
    customer = await world.granted("--mode", "control")
    terminal = customer.terminal

    async with viewing(world.broker, customer.session, alice) as viewer:
        await viewer.follow(LOG)
        await viewer.follow(TERMINAL)
        await ran(customer, "cd /")
        await ran(customer, "false")
        await customer.does("disconnect")
        await ran(customer, "mkdir /proc/never")
        await customer.does("reconnect")
        await viewer.is_told("at-keyboard")

        await viewer.nobody_types(customer)
        await viewer.type(TERMINAL, "echo 'of al''ice'")
        await viewer.sees(TERMINAL, "echo 'of al''ice'")
        await ran(customer, " and customer")
        await ran(customer, _HERE_DOCUMENT)
        await ran(customer, "(exit 7)")
        await ran(customer, "export TOKEN=ghp_0123456789abcdefghijABCDEFGHIJ012345")
        before = len(customer.logged("command_started"))
        terminal.type("cat\n")
        await viewer.until_logged("command_started", before + 1)
        assert (await told(world, alice))[-1]["over"] == "running"
        await ran(customer, "\x03")
        await world.end(customer)

    found = {one["line"]: one for one in await told(world, alice)}
    brief = {line: (one["status"], one["cwd"], one["away"]) for line, one in found.items()}
    home = customer.env["HOME"]
    assert brief == {
        "true; echo 'done'-1.": (0, home, False),
        "cd /": (0, home, False),
        "false": (1, "/", False),
        "mkdir /proc/never": (1, "/", True),
        "echo 'of al''ice' and customer": (0, "/", False),
        _HERE_DOCUMENT: (0, "/", False),
        "(exit 7)": (7, "/", False),
        "export TOKEN=•••": (0, "/", False),
        "cat": (130, "/", False),
        "exit": (130, "/", False),  # of what ran last
    }
    assert {(one["how"], one["depth"]) for one in found.values()} == {("told", 1)}
    assert found["echo 'of al''ice' and customer"]["shares"] == {"alice": 17, "customer": 13}

    streams = await world.both_copies(customer, alice)
    assert "7717" not in output(streams[TERMINAL])
    marked = [event.text for event in events(streams[TERMINAL]) if event.code == "m"]
    assert [one for one in marked if one in ("cd /", "false", "cat <<END | wc -l …")] == [
        "cd /",
        "false",
        "cat <<END | wc -l …",
    ]

    # Both sides read the same from the command line.
    of_engineer = json.loads(await world.broker.command("commands", customer.session, "--json"))
    of_customer = json.loads(await customer.does("commands", customer.session, "--json"))
    assert of_engineer == of_customer
    assert "exit 7" in await customer.does("commands", customer.session, "--failed")

    shown = await world.broker.request(
        "GET",
        f"/api/sessions/{customer.session}/commands/{found[_HERE_DOCUMENT]['id']}/output",
        engineer=alice,
    )
    assert shown.json == {"text": "2\n", "cut": False}


async def ran(customer: Customer, line: str) -> None:
    """Type a line and wait until the shell has told how it ended."""
    # Counted by what has begun: the end of the line before may not be told yet.
    begun = len(customer.logged("command_started"))
    customer.terminal.type(f"{line}\n" if line != "\x03" else line)
    await customer.until_logged("command_ended", begun + (line != "\x03"))


async def told(world: World, engineer: Engineer) -> list[dict[str, Any]]:
    """The commands of the session, as the API tells them."""
    session = world.customers[0].session
    path = f"/api/sessions/{session}/commands"
    found = await world.broker.request("GET", path, engineer=engineer)
    commands: list[dict[str, Any]] = found.json["commands"]
    return commands
