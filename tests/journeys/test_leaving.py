"""Closing the terminal is leaving, not ending; whoever comes back finds the screen as it was."""

from tests.journeys.broker import Engineer
from tests.journeys.recording import LOG, TERMINAL, output
from tests.journeys.screen import Screen
from tests.journeys.terminal import Terminal
from tests.journeys.viewer import Viewer, viewing
from tests.journeys.waiting import until
from tests.journeys.world import World


async def same_screen(seat: Terminal, viewer: Viewer, text: str = "") -> str:
    """Wait until the customer's terminal shows what the recording says, with ``text``; all."""

    def shown() -> str:
        return Screen(*seat.size).show(bytes(seat.printed)).text

    await until(
        lambda: text in shown() == viewer.copies[TERMINAL].screen().text,
        "the customer's and the engineer's screen to be the same",
    )
    return shown()


async def test_the_terminal_is_closed_in_vim_and_reattached(world: World, alice: Engineer) -> None:
    customer = await world.granted("--mode", "control")
    (world.folder / "notes").write_text("".join(f"line {n} 漢字 é 😀\n" for n in range(1, 60)))

    async with viewing(world.broker, customer.session, alice) as viewer:
        await viewer.follow(LOG)
        await viewer.follow(TERMINAL)
        customer.terminal.type(f"vim -u NONE {world.folder}/notes\n")
        await viewer.sees(TERMINAL, "line 20")
        # In the middle of the window, so that it scrolls back where it was a row lower meanwhile.
        customer.terminal.type("30Gzzohalf a thought")
        await viewer.sees(TERMINAL, "half a thought")
        before = await same_screen(customer.terminal, viewer)

        await customer.terminal.close()
        await viewer.is_told("away")
        # The grant's default: while the customer is away, the engineer looks and does not touch.
        await viewer.type(TERMINAL, "and more")
        await viewer.until(lambda: viewer.logged("refused"), "the refusal")
        assert viewer.logged("refused")[0]["why"] == "paused"

        seat = await customer.asks("reattach")
        await viewer.is_told("at-keyboard")
        assert await same_screen(seat, viewer, before) == before

        # Another window, another size: theirs rules.
        seat.resize(100, 30)
        await viewer.until(
            lambda: viewer.copies[TERMINAL].screen().size == (100, 30), "the new size"
        )
        await viewer.nobody_types(customer)
        await viewer.type(TERMINAL, ", thought through")
        await viewer.sees(TERMINAL, "half a thought, thought through")
        assert "half a thought, thought through" in await same_screen(seat, viewer)

        seat.type("\x1b:wq\n")
        await seat.expect("written")
        await customer.at_shell()
        await world.end(customer)
        await viewer.is_told("ended")

    assert "half a thought, thought through\n" in (world.folder / "notes").read_text()
    streams = await world.both_copies(customer, alice)
    assert "and more" not in output(streams[TERMINAL])
    assert [entry["why"] for entry in customer.logged("input_paused")] != []
    assert len(customer.logged("input_resumed")) == 1


async def test_a_second_terminal_takes_the_seat(world: World) -> None:
    customer = await world.granted()
    first = customer.terminal

    second = await customer.asks("reattach")
    await customer.at_shell()
    await customer.runs("echo here-$((40 + 2))")

    assert await first.ended() != 0
    assert b"here-42" in second.printed
    assert b"here-42" not in first.printed
    await first.close()
    await world.end(customer)


async def test_end_from_another_shell(world: World, alice: Engineer) -> None:
    customer = await world.granted()
    customer.terminal.type("sleep 1000\n")
    assert (await customer.status())["ended"] is False

    await customer.does("end")

    await customer.terminal.ended()
    await world.end_of(customer)
    await world.both_copies(customer, alice)
    (ended,) = customer.logged("ended")
    assert ended["by"] == "customer"
    status, out, err = await customer.command("status")
    assert (status, out) == (3, "")
    assert "session" in err
