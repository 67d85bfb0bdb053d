"""A session that never reaches a broker: granted, recorded and ended on one host."""

import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from broker.host.session_file import load
from tests.journeys import processes
from tests.journeys.customer import Customer
from tests.journeys.recording import LOG, TERMINAL, output
from tests.journeys.waiting import until
from tests.journeys.world import World

USAGE, FAILED = 2, 1
CASE = "disk shelf 2 replaced"


@pytest.fixture
async def customer() -> AsyncIterator[Customer]:
    """A customer on a host that no broker is near."""
    folder = Path(tempfile.mkdtemp(prefix="journey-"))
    world = World(folder)
    try:
        yield world.customer()
        await world.close()
    finally:
        left = await processes.all_gone(world.mark)
        shutil.rmtree(folder, ignore_errors=True)
    assert left == []


async def grants(customer: Customer, *options: str) -> None:
    seat = await customer.asks("grant", "--offline", "--case", CASE, "--drift", "off", *options)
    await seat.expect('Type "I agree"')
    seat.type("I agree\n")
    await seat.expect("`exit` ends it.")
    (found,) = customer.state.glob("*/session.json")
    customer.session = found.parent.name
    await customer.at_shell()


async def ends(customer: Customer) -> None:
    customer.terminal.type("exit\n")
    assert await customer.terminal.ended() == 0
    await until(lambda: not customer.parts("recorder"), "the recorder to end")


def network_sockets(mark: str) -> list[str]:
    """What processes of this mark have open on any network, listening or connected."""
    found = []
    for process in processes.marked(mark):
        proc = Path(f"/proc/{process.pid}")
        inodes = set()
        with contextlib.suppress(FileNotFoundError):
            for fd in (proc / "fd").iterdir():
                with contextlib.suppress(FileNotFoundError):
                    inodes.add(str(fd.readlink()).removeprefix("socket:[").removesuffix("]"))
            for table in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6"):
                for line in (proc / "net" / table).read_text().splitlines()[1:]:
                    if line.split()[9] in inodes:
                        found.append(f"{process.argv} {table} {line}")
    return found


async def test_a_session_without_a_broker(customer: Customer) -> None:
    await grants(customer)
    told = customer.terminal.printed.decode()
    assert "NOBODY WATCHES OR TYPES but you" in told
    assert "asks for a jump seat" not in told
    await customer.runs("echo air-$((40 + 2))")
    assert network_sockets(customer.mark) == []
    assert not customer.parts("uplink")
    assert customer.parts("recorder")

    facts = await customer.status()
    assert (facts["link"], facts["mode"], facts["broker"]) == ("offline", "watch", "")
    assert facts["unheld"] > 0
    assert "offline: there is no broker" in await customer.does("status")
    for command in ("disconnect", "reconnect"):
        status, _, err = await customer.command(command)
        assert (status, "there is no broker" in err) == (FAILED, True)
    status, _, err = await customer.command("mode", "control")
    assert (status, "nobody joins an offline session" in err) == (FAILED, True)
    assert "jumpseat · offline · recorded" in customer.terminal.printed.decode()

    await ends(customer)
    assert "bundle" in customer.terminal.printed.decode()
    file = load(customer.state / customer.session)
    assert (file.ended, file.delivered, file.case, file.engineer) == (True, True, CASE, "")
    assert customer.names() == [LOG, TERMINAL]
    assert "air-42" in output(customer.stream(TERMINAL))
    assert customer.log()[0]["grant"]["case"] == CASE
    assert customer.logged("consented")[0]["answer"] == "I agree"
    assert customer.logged("ended")
    assert "echo air" in await customer.does("commands", customer.session)


async def test_it_goes_on_after_its_recorder_was_killed_and_says_what_is_gone(
    customer: Customer,
) -> None:
    await grants(customer)
    customer.part("recorder").kill()
    await customer.terminal.ended()
    (customer.state / customer.session / TERMINAL).unlink()
    seat = await customer.asks("reattach")
    await seat.expect("`exit` ends it.")
    await customer.at_shell()
    stopped, gone = customer.logged("gap", run=2)
    assert stopped["cause"] == "recorder-stopped"
    assert (gone["cause"], gone["stream"]) == ("stream-lost", TERMINAL)
    assert gone["since"] == customer.logged("opened")[0]["t"]
    assert gone["since"] < gone["until"] <= stopped["until"]
    await ends(customer)
    assert load(customer.state / customer.session).delivered
    assert not customer.parts("uplink")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--offline",), "--case TEXT"),
        (("--offline", "--case", "x" * 201), "1 to 200 characters"),
        (("--offline", "--case", "c", "CODE"), "no code and no broker"),
        (("--offline", "--case", "c", "--broker", "https://b.example"), "no code and no broker"),
        (("--offline", "--case", "c", "--mode", "control"), "leave out --mode"),
        (("CODE", "--broker", "https://b.example", "--case", "c"), "goes with --offline"),
        (("CODE",), "CODE and --broker URL, or --offline"),
    ],
)
async def test_what_does_not_go_together(
    customer: Customer, options: tuple[str, ...], told: str
) -> None:
    status, _, err = await customer.command("grant", *options)
    assert (status, told in err) == (USAGE, True), err
    assert not customer.state.exists()


async def test_nothing_is_granted_without_the_words(customer: Customer) -> None:
    seat = await customer.asks("grant", "--offline", "--case", CASE)
    await seat.expect('Type "I agree"')
    seat.type("mode control\n")
    await seat.expect("nobody joins an offline session")
    await seat.expect('Type "I agree"')
    seat.type("for 30m\n")
    await seat.expect("30 min (at most 24 h)")
    await seat.expect('Type "I agree"')
    seat.type("no\n")
    assert await seat.ended() == 5
    assert list(customer.state.iterdir()) == []
