"""What is exported opens elsewhere, and plays to the screen that was there."""

import json
from pathlib import Path

from tests.journeys.broker import Engineer
from tests.journeys.recording import LOG, TERMINAL, output
from tests.journeys.screen import Screen
from tests.journeys.terminal import run
from tests.journeys.viewer import viewing
from tests.journeys.world import World

ASCIINEMA = str(Path(__file__).parents[2] / ".venv/bin/asciinema")


async def test_asciinema_plays_an_export_to_the_same_screen(world: World, alice: Engineer) -> None:
    customer = await world.granted("--mode", "control")
    (world.folder / "notes").write_text("".join(f"line {n} 漢字 é 😀\n" for n in range(1, 60)))
    async with viewing(world.broker, customer.session, alice) as viewer:
        await viewer.follow(TERMINAL)
        await customer.runs(r"printf '\033[1;38;5;208mcolours\033[0m \360\237\230\200\n'")
        customer.terminal.type(f"vim -u NONE {world.folder}/notes\n")
        await viewer.sees(TERMINAL, "line 20")
        customer.terminal.type("Gohalf a thought")
        await viewer.sees(TERMINAL, "half a thought")

        # A session that still runs exports as well.
        await world.broker.command("export", customer.session, "-o", str(world.folder / "live"))
        assert customer.stream(TERMINAL).startswith((world.folder / "live" / TERMINAL).read_bytes())

        customer.terminal.type("\x1b:wq\n")
        await customer.terminal.expect("written")
        await customer.at_shell()
        await world.end(customer)
        await viewer.is_told("ended")
        watched = viewer.copies[TERMINAL].screen()

    streams = await world.both_copies(customer, alice)
    await world.broker.command("export", customer.session, "-o", str(world.folder / "out"))
    for name in (LOG, TERMINAL):
        assert (world.folder / "out" / name).read_bytes() == streams[name]

    status, played, err = await run(
        [ASCIINEMA, "cat", str(world.folder / "out" / TERMINAL)], customer.env
    )
    assert status == 0, err
    assert played == output(streams[TERMINAL])
    assert Screen().show(played.encode()).text == watched.text


async def test_version_3_on_request(world: World, alice: Engineer) -> None:
    customer = await world.granted()
    await customer.runs("echo here-$((40 + 2))")
    await world.end(customer)
    streams = await world.both_copies(customer, alice)

    answer = await world.broker.request(
        "GET", f"/api/sessions/{customer.session}/streams/{TERMINAL}?as=v3", engineer=alice
    )

    head, *lines = [json.loads(line) for line in answer.body.decode().splitlines()]
    assert head["version"] == 3
    assert "".join(text for _, code, text in lines if code == "o") == output(streams[TERMINAL])
