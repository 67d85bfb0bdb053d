"""What customers get wrong on the command line: a clear sentence, a status, nothing changed."""

from tests.journeys.broker import Engineer
from tests.journeys.recording import LOG
from tests.journeys.viewer import viewing
from tests.journeys.world import World

USAGE, NOT_FOUND, REFUSED, FAILED = 2, 3, 5, 1

BAD_GRANTS = [
    (("--for", "soon"), "no length of time"),
    (("--for", "0s"), "at least a second"),
    (("--for=-5m",), "no length of time"),
    (("--for", "1e9h"), "no length of time"),
    (("--mode", "root"), "watch, approve or control"),
    (("--mode", ""), "watch, approve or control"),
    (("--away", "never"), "pause, continue or end"),
    (("--page", "yes"), "off, watch or approve"),
    (("--terminals", "0"), "from 1 to 9"),
    (("--terminals", "10"), "from 1 to 9"),
    (("--terminals", "two"), "from 1 to 9"),
    (("--prefix", "x"), "no control key"),
    (("--prefix", "^M"), "choose another control key"),
    (("--prefix", "^["), "no control key"),
]
BAD_COMMANDS = [
    (("mode", "root"), USAGE, "watch, approve or control"),
    (("extend", "later"), USAGE, "no length of time"),
    (("extend", "25h"), FAILED, "at most a day"),
    (("extend", "8h"), FAILED, "can be granted"),
    (("hold", "x", "--stop", "*"), FAILED, "nearly every line"),
    (("hold", "x", "--stop", "e"), FAILED, "nearly every line"),
    (("hold", "x", "--stop", "**a**"), FAILED, "nearly every line"),
    (("hold", "", "--stop", "zpool"), FAILED, "what is not to be touched"),
    (("hold", "two\nlines", "--stop", "zpool"), FAILED, "one line"),
    (("hold", "x" * 301, "--stop", "zpool"), FAILED, "at most 300"),
    (("hold", "x"), USAGE, "--stop"),
    (("lift", "none"), NOT_FOUND, "no hold"),
    (("approve", "r1p9"), NOT_FOUND, "nothing with the id r1p9"),
    (("approve", "\x1b[2J"), NOT_FOUND, "nothing with the id ?[2J"),
    (("refuse", "q9", "no"), NOT_FOUND, "no such proposal"),
    (("give-back",), FAILED, "not possible"),
    (("frobnicate",), USAGE, "frobnicate"),
    (("status", "--session", "nosuch"), NOT_FOUND, "nosuch"),
]


async def test_bad_options_of_grant(world: World) -> None:
    customer = world.customer()
    for options, told in BAD_GRANTS:
        status, out, err = await customer.command(
            "grant", "code", "--broker", world.broker.url, *options
        )
        assert (status, out) == (USAGE, ""), options
        assert told in err, err
        assert "Traceback" not in err


async def test_bad_commands_of_a_session(world: World, alice: Engineer) -> None:
    customer = await world.granted("--for", "1h")
    before = await customer.status()
    for arguments, expected, told in BAD_COMMANDS:
        status, out, err = await customer.command(*arguments)
        assert (status, out) == (expected, ""), (arguments, err)
        assert told in err, err
        assert "Traceback" not in err
    after = await customer.status()
    same = ("mode", "standing", "holds", "proposals", "requests", "terminals", "allowed", "ended")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert after["seconds_left"] <= before["seconds_left"]

    async with viewing(world.broker, customer.session, alice) as viewer:
        await viewer.follow(LOG)
        for bad, reason in (
            ("echo \x1b[2J", "control-characters"),
            ("echo a\rb", "control-characters"),
            ("x" * 9000, "too-long"),
            ("", "empty"),
            ("ls !$", "history-expansion"),
        ):
            await viewer.send_proposal(bad)
            assert (await viewer.is_declined(reason)).message
        await viewer.request("everything")
        await viewer.is_declined("bad-request")
        assert not viewer.logged("proposed")
    await world.end(customer)


async def test_nonsense_at_the_terms_is_said_and_asked_again(world: World) -> None:
    customer = world.customer()
    invitation = await world.broker.invite()
    seat = await customer.asks("grant", invitation.code, "--broker", world.broker.url)
    for typed, told in (
        ("mode root", "watch, approve or control"),
        ("for ever", "no length of time"),
        ("for 100h", "at most 8 h can be granted"),
        ("terminals 10", "from 1 to 9"),
        ("page", "write page and one word"),
    ):
        await seat.expect('Type "I agree"')
        seat.type(typed + "\n")
        await seat.expect(told)
    await seat.expect('Type "I agree"')
    seat.type(b"\xff\x1b[A\n")
    await seat.expect("nothing was granted")
    assert await seat.ended() == REFUSED
    assert not customer.parts("recorder")
