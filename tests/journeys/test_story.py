"""The story that the product is made for, from the invitation to the replay."""

from broker.recording.session_log import decode
from tests.journeys.broker import Engineer
from tests.journeys.recording import LOG, TERMINAL, events, output
from tests.journeys.viewer import viewing
from tests.journeys.world import World


async def test_granted_watched_cut_off_restored_and_replayed(world: World, alice: Engineer) -> None:
    customer = await world.granted("--mode", "control")

    async with viewing(world.broker, customer.session, alice) as viewer:
        await viewer.follow(LOG)
        await viewer.follow(TERMINAL)
        await viewer.is_told("at-keyboard")

        # The engineer types into the customer's shell, and both see what it says.
        await viewer.nobody_types(customer)
        await viewer.type(TERMINAL, "echo together-$((40 + 2))\n")
        await customer.terminal.expect("together-42")
        await viewer.sees(TERMINAL, "together-42")

        # The customer cuts the link, from another shell: told at once, typing goes nowhere.
        await customer.does("disconnect")
        await viewer.is_told("disconnected")
        await viewer.type(TERMINAL, "echo too-late-$((40 + 2))\n")
        await viewer.until(lambda: viewer.declined, "the keys to be declined")
        known = viewer.copies[TERMINAL].end

        # What they do alone is recorded on their host and nowhere else.
        await customer.runs("echo alone-$((40 + 3))")
        assert b"alone-43" in customer.stream(TERMINAL)
        assert viewer.copies[TERMINAL].end == known

        # The link is restored, and what the engineer missed arrives.
        await customer.does("reconnect")
        await viewer.sees(TERMINAL, "alone-43")
        await viewer.is_told("at-keyboard")
        await viewer.nobody_types(customer)
        await viewer.type(TERMINAL, "exit\n")
        assert await customer.terminal.ended() == 0
        await viewer.is_told("ended")

    await world.end_of(customer)
    streams = await world.both_copies(customer, alice)
    assert set(streams) == {LOG, TERMINAL}
    printed = output(streams[TERMINAL])
    assert printed.count("\rtogether-42\r\n") == 1
    assert printed.count("\ralone-43\r\n") == 1
    assert "too-late" not in printed
    times = [event.t for event in events(streams[TERMINAL])]
    assert times == sorted(times)

    log = [decode(line) for line in streams[LOG].decode().splitlines()]
    told = [entry["event"] for entry in log]
    in_order = ["started", "consented", "link_up", "joined", "typed", "disconnected",
                "reconnected", "link_up", "joined", "typed", "ended"]  # fmt: skip
    rest = iter(told)
    assert all(event in rest for event in in_order), told
    assert (log[-1]["event"], log[-1]["by"]) == ("ended", "customer")

    # The replay marks the stretch, and every command of it lies within.
    answer = await world.broker.request(
        "GET", f"/api/sessions/{customer.session}/timeline", engineer=alice
    )
    (cut,) = [one for one in answer.json["stretches"] if one["kind"] == "disconnected"]
    alone = [event.t for event in events(streams[TERMINAL]) if "alone-43" in event.text]
    assert alone
    assert all(cut["since"] < t < cut["until"] for t in alone)


async def test_an_engineer_who_joins_late_sees_the_right_screen(
    world: World, alice: Engineer
) -> None:
    customer = await world.granted("--mode", "control")
    (world.folder / "notes").write_text("".join(f"line {n} 漢字 é 😀\n" for n in range(1, 60)))
    bob = await world.broker.sign_in("bob")

    async with (
        viewing(world.broker, customer.session, alice) as first,
        viewing(world.broker, customer.session, bob) as second,
    ):
        await first.follow(TERMINAL)
        await first.nobody_types(customer)
        await first.type(TERMINAL, f"vim -u NONE {world.folder}/notes\n")
        await first.sees(TERMINAL, "line 20")
        await first.type(TERMINAL, "G")
        await first.sees(TERMINAL, "line 59")

        late = await second.follow(TERMINAL, -1)
        await second.sees(TERMINAL, "line 59")
        assert late.start > 0
        await first.until(lambda: first.copies[TERMINAL].end >= late.end, "the same offset")
        await second.until(lambda: late.end >= first.copies[TERMINAL].end, "the same offset")
        assert second.copies[TERMINAL].screen().text == first.copies[TERMINAL].screen().text
        assert set(first.watching.viewers.values()) == {"alice", "bob"}

        await second.nobody_types(customer)  # alice has just pressed G
        await second.type(TERMINAL, ":q!\n")
        await customer.terminal.expect("\x1b[?1049l")  # vim is gone
        await customer.at_shell()
        await second.nobody_types(customer)
        await second.type(TERMINAL, "exit\n")
        assert await customer.terminal.ended() == 0
