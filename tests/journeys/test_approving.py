"""Mode approve: an engineer proposes, the customer looks at it in their terminal and answers."""

from tests.journeys.broker import Engineer
from tests.journeys.page import opened
from tests.journeys.panel import ENTER, Panel
from tests.journeys.recording import LOG, TERMINAL, output
from tests.journeys.screen import Screen
from tests.journeys.viewer import viewing
from tests.journeys.world import World


async def test_run_edited_refused_and_unasked(world: World, alice: Engineer) -> None:
    customer = await world.granted()
    panel = Panel(customer)
    seat = customer.terminal

    async with viewing(world.broker, customer.session, alice) as viewer:
        await viewer.follow(LOG)
        await viewer.follow(TERMINAL)
        await viewer.type(TERMINAL, "echo never-$((40 + 2))\n")
        assert (await viewer.until_logged("refused"))["why"] == "mode"

        # Shown character for character, and run so.
        text = "echo  ' one'  \"two\" $((40 + 2)) | tr o 0  "
        first = await viewer.propose(text, "to see", "a line with noughts")
        await seat.expect("alice proposes: echo")
        await panel.answers()
        shown = Screen(*seat.size).show(bytes(seat.printed)).text
        assert "  $ echo  ' one'  \"two\" $((40 + 2)) | tr o 0··" in shown
        assert "a line with noughts" in shown
        panel.press("r")
        await seat.expect(" 0ne tw0 42\r\n")
        ran = await viewer.until_logged("ran")
        assert (ran["proposal"], ran["person"], ran["text"]) == (first, "alice", text)
        approved = viewer.logged("approved")[0]
        assert (approved["how"], approved["text"], approved["edited"]) == ("asked", text, False)
        assert ran["by"] == approved["by"] == (await customer.status())["shell"]

        # Edited: what runs is the customer's text.
        await viewer.propose("echo theirs")
        await panel.answers()
        panel.press("e")
        await panel.fills_in("It shall run as:", " and-mine")
        await panel.shows("edited by you")
        panel.press("r")
        await seat.expect("\rtheirs and-mine\r\n")
        approved = await viewer.until_logged("approved", 2)
        assert (approved["text"], approved["edited"]) == ("echo theirs and-mine", True)

        # Refused, with a word.
        await viewer.propose("echo never-refused")
        await panel.answers()
        panel.press("n")
        await panel.fills_in("A word for alice:", "not today")
        refused = await viewer.until_logged("proposal_refused")
        assert refused["word"] == "not today"
        await panel.is_gone()  # until then keys are not the shell's

    await world.end(customer)
    streams = await world.both_copies(customer, alice)
    assert "\rnever" not in output(streams[TERMINAL])
    assert len(customer.logged("ran")) == len(customer.logged("approved")) == 2


async def test_the_next_few_and_all_of_a_kind_unasked(world: World, alice: Engineer) -> None:
    customer = await world.granted()
    panel, seat = Panel(customer), customer.terminal

    async with viewing(world.broker, customer.session, alice) as viewer:
        await viewer.follow(LOG)
        await viewer.follow(TERMINAL)

        # The next one unasked, and then asked again.
        await viewer.propose("echo fi''rst")
        await panel.answers()
        panel.press("t")
        await panel.fills_in("How many more of alice", "1")
        await seat.expect("\rfirst\r\n")
        await viewer.propose("echo sec''ond")
        await seat.expect("\rsecond\r\n")
        assert (await viewer.until_logged("approved", 2))["how"] == "times"
        asked_again = await viewer.propose("df -P .")

        # All of a kind: exactly this beginning, then plain words.
        await panel.answers()
        panel.press("k")
        await panel.shows("begin with exactly:")
        panel.press("\x15df -P" + ENTER)
        await viewer.until_logged("ran", 3)
        await viewer.propose("df -P /tmp")
        assert (await viewer.until_logged("approved", 4))["how"] == "kind"
        await viewer.until_logged("ran", 4)
        for other in ("df -Ph", "df -P; echo never", "df -P $(echo never)", "df -P\necho never"):
            await viewer.propose(other)
        waiting = (await customer.status())["proposals"]
        assert len(waiting) == 4
        assert asked_again not in [one["proposal"] for one in waiting]

        # Taking back ends all of it.
        panel.reins()
        await viewer.until_logged("taken_back")
        facts = await customer.status()
        assert (facts["proposals"], facts["allowed"]) == ([], [])
        await viewer.until_logged("withdrawn", len(waiting))
        assert {one["why"] for one in viewer.logged("withdrawn")} == {"taken back"}
        panel.reins()
        await viewer.until_logged("given_back")

    await world.end(customer)
    streams = await world.both_copies(customer, alice)
    assert "\rnever" not in output(streams[TERMINAL])
    assert len(customer.logged("ran")) == len(customer.logged("approved")) == 4


async def test_what_is_approved_waits_for_an_empty_prompt(world: World, alice: Engineer) -> None:
    customer = await world.granted()
    panel, seat = Panel(customer), customer.terminal
    (world.folder / "long").write_text("".join(f"line {n}\n" for n in range(200)))

    async with viewing(world.broker, customer.session, alice) as viewer:
        await viewer.follow(LOG)
        await viewer.follow(TERMINAL)

        async def let(text: str, runs: int) -> None:
            """Propose, and let it run; so many have run by then."""
            proposal = await viewer.propose(text)
            (told,) = (await customer.status())["proposals"]
            assert (told["proposal"], told["ready"]) == (proposal, False)
            await customer.does("approve", proposal)
            facts = await customer.status()
            assert [one["proposal"] for one in facts["waiting"]] == [proposal]
            assert len(customer.logged("ran")) == runs

        # A program that fills the screen.
        seat.type(f"less {world.folder}/long\n")
        await viewer.sees(TERMINAL, "line 20")
        await let("echo after-l''ess", 0)
        seat.type("q")
        await seat.expect("\rafter-less\r\n")

        # Something typed on the line, which is the customer's to finish.
        await viewer.until_logged("ran")
        seat.type("echo my-own-")
        await viewer.sees(TERMINAL, "echo my-own-")
        await let("echo after-t''yping", 1)
        seat.type("line\n")
        await seat.expect("\rmy-own-line\r\n")
        await seat.expect("\rafter-typing\r\n")

        # A busy shell; and a script of several lines runs as one, in its order.
        await viewer.until_logged("ran", 2)
        seat.type("until [ -e go ]; do sleep 0.1; done\n")
        await seat.expect("sleep 0.1; done\r\n")
        script = "for n in 1 2; do\n  echo script-$n\ndone\n\nfalse || echo the-e''nd"
        await let(script, 2)
        (customer.state.parent / "go").touch()
        await seat.expect("\rscript-1\r\nscript-2\r\n")
        await seat.expect("the-end\r\n")
        assert (await viewer.until_logged("ran", 3))["text"] == script

        # What waits is gone with a change of the mode.
        seat.type("until [ -e go2 ]; do sleep 0.1; done\n")
        await seat.expect("sleep 0.1; done\r\n")
        await let("echo never-$((40 + 2))", 3)
        panel.press("\x1dw")
        assert (await viewer.until_logged("withdrawn"))["why"] == "the mode was changed"
        (customer.state.parent / "go2").touch()
        await customer.at_shell()

    await world.end(customer)
    streams = await world.both_copies(customer, alice)
    assert "never" not in output(streams[TERMINAL])


async def test_two_answers_at_once(world: World, alice: Engineer) -> None:
    customer = await world.granted("--page", "approve")
    panel, seat = Panel(customer), customer.terminal
    link = (await customer.status())["page"]

    async with (
        viewing(world.broker, customer.session, alice) as viewer,
        opened(world.broker, link) as page,
    ):
        await viewer.follow(LOG)
        await viewer.follow(TERMINAL)
        await page.viewer.follow(LOG)

        # The page first, the panel after it, a command last: one runs, the others are told.
        one = await viewer.propose("echo just-o''nce")
        await panel.answers()
        await page.approve(one, "echo just-o''nce")
        ran = await page.viewer.until_logged("ran")
        assert ran["by"].endswith("(page)")
        panel.press("r")
        await panel.says("Too late to approve it: the proposal has run")
        status, _, err = await customer.command("approve", one)
        assert status != 0
        assert one in err
        await seat.expect("\rjust-once\r\n")
        await page.approve(one, "echo just-o''nce")
        assert "has run" in (await page.viewer.is_declined("answered")).message

        # After a refusal, a withdrawal, and taking back.
        late = 1
        for text, gone in (("echo a", "refused"), ("echo b", "withdrawn"), ("echo c", "withdrawn")):
            proposal = await viewer.propose(text)
            if text == "echo a":
                await customer.does("refuse", proposal, "no", "need")
            elif text == "echo b":
                await viewer.withdraw(proposal)
                await viewer.until_logged("withdrawn")
            else:
                await page.act("take_back")
                await viewer.until_logged("withdrawn", 2)
            await page.approve(proposal, text)
            late += 1
            assert gone in (await page.viewer.is_declined("answered", late)).message
            status, out, err = await customer.command("approve", proposal)
            assert (status, out) != (0, "")
            assert proposal in err
        assert len(customer.logged("ran")) == 1

        # The page gives nothing back, and what it did is in the log under its name.
        assert customer.logged("taken_back")[-1]["by"].endswith("(page)")
        await page.act("give_back")
        await page.viewer.is_declined("bad-act")
        assert (await customer.status())["standing"] == "taken-back"
        await page.act("end")
        await viewer.is_told("ended")

    await seat.ended()
    await world.end_of(customer)
    streams = await world.both_copies(customer, alice)
    assert output(streams[TERMINAL]).count("\rjust-once\r\n") == 1
