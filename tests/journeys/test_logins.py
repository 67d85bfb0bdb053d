"""Whoever logs in while a grant lasts is recorded, knows it, and finds the host as it was after."""

import re
from functools import partial

import pytest

from tests.journeys.broker import Engineer
from tests.journeys.login_host import LoginHost, lacking, login_host, plain, python_for_everybody
from tests.journeys.recording import LOG, output
from tests.journeys.terminal import Terminal
from tests.journeys.viewer import viewing
from tests.journeys.waiting import until
from tests.journeys.world import World

pytestmark = pytest.mark.skipif(bool(lacking()), reason=lacking() or "-")


@pytest.fixture
def python() -> str:
    found = python_for_everybody()
    if found is None:
        pytest.skip("no Python that every user may run")
    return found


async def test_a_login_is_recorded_told_so_and_its_users_alone(
    world: World, alice: Engineer, python: str
) -> None:
    async with login_host(world, python) as host:
        profile = host.root("cat", "/etc/profile")
        await host.grants("--mode", "control")
        assert host.root("cat", "/etc/profile") != profile == host.root(*own_profile(host, python))
        login = await host.login()
        await login.expect("THIS LOGIN IS RECORDED for support case")
        await login.expect("they can never type here")
        await login.expect("$ ")
        opened = await host.opened()
        assert (opened["login"]["user"], opened["login"]["from"]) == ("other", "127.0.0.1")
        assert opened["login"]["tty"].startswith("/dev/pts/")
        name = opened["terminal"]

        async with viewing(world.broker, host.session.name, alice) as viewer:
            await viewer.follow(LOG)
            await viewer.follow(name)
            await viewer.type(name, "touch ./never\n")
            await viewer.until(lambda: viewer.logged("refused"), "the refusal")
            assert viewer.logged("refused")[-1]["why"] == "login"
            await viewer.send_proposal("id", terminal=name)
            await viewer.until(lambda: viewer.declined, "a word on the proposal")
            assert viewer.declined[-1].reason == "login"

        login.type("echo I am $(id -un) $(id -G) in $PWD; shopt -q login_shell && echo lo''gin\n")
        await login.expect(f"I am other 61235 in {host.folder}/other")
        await login.expect("login")
        login.type("exit 7\n")
        assert await login.ended() == 7
        assert "./never" not in (cast := output((host.session / name).read_bytes()))
        assert "I am other 61235" in cast
        assert "THIS LOGIN IS RECORDED" in cast

        await host.ends()


async def test_what_is_no_login_is_as_ever_and_who_is_there_at_the_end_stays(
    world: World, python: str
) -> None:
    async with login_host(world, python) as host:
        before = host.mounts()
        profile = host.root("cat", "/etc/profile")
        await host.grants("--mode", "control")
        # What is no login is the same, byte for byte.
        assert await host.runs("echo", "$-;", "cat", "/proc/self/comm") == (0, "hBc\ncat\n", "")
        (host.folder / "other/file").write_bytes(bytes(range(256)) * 100)
        copied = await host.window(
            *host.copy(f"other@127.0.0.1:{host.folder}/other/file", f"{host.folder}/copy")
        )
        assert await copied.ended() == 0
        assert (host.folder / "copy").read_bytes() == bytes(range(256)) * 100
        assert len(host.logged("opened")) == 1

        # Whoever changes the user at a terminal that was open before has not logged in.
        earlier = await host.window(*host.within, "su", "-", "other")
        await earlier.expect("$ ")
        assert "RECORDED" not in plain(earlier.printed)
        assert len(host.logged("opened")) == 1

        # One that is there when the session ends goes on, unrecorded.
        last = await host.login()
        await last.expect("they can never type here")
        await last.expect("$ ")
        name = (await host.opened())["terminal"]
        host.seat.type("exit\n")
        await last.expect("the recording of this login has ended")
        await until(lambda: host.mounts() == before, "the mounts to be as before")
        assert host.root("cat", "/etc/profile") == profile
        await until(
            lambda: "logins" not in host.root("ls", "/run/jumpseat").split(), "no file of ours"
        )
        last.type("echo still''here; exit 3\n")
        await last.expect("stillhere")
        assert await last.ended() == 3
        assert "stillhere" not in output((host.session / name).read_bytes())
        await until(lambda: not host.parts("recorder"), "the recorder to end with the last of them")
        after = await host.login()
        await after.expect("$ ")
        assert "RECORDED" not in plain(after.printed)


async def test_what_kills_leave_is_cleared_and_locks_nobody_out(world: World, python: str) -> None:
    async with login_host(world, python) as host:
        before = host.mounts()
        await host.grants()
        there = await host.login()
        await there.expect("they can never type here")
        await there.expect("$ ")

        # The recorder is killed: its guardian clears, and who was there goes on.
        await host.kill("recorder")
        await there.expect("this login goes on, unrecorded")
        await there.expect("$ ")
        await until(lambda: host.mounts() == before, "the guardian to clear")
        there.type("echo still''here\n")
        await there.expect("stillhere")

        # Both are killed: logins are as ever, and the next command of root's clears.
        await host.seat.expect("you have left the seat")
        await host.seat.expect("$ ")
        host.seat.type(f"sudo {host.jumpseat} reattach\n")
        await host.seat.expect("`exit` ends it.")
        await until(host.is_watched, "logins to be recorded again")
        await host.kill("guard")
        await host.kill("recorder")
        plainly = await host.login()
        await plainly.expect("$ ")
        plainly.type("echo $((40 + 2))\n")
        await plainly.expect("42")
        assert "RECORDED" not in plain(plainly.printed)
        assert host.is_watched()
        host.root(*host.jumpseat.split(), "holds", status=3)  # there is no session
        assert host.mounts() == before


async def _echoes(login: Terminal, line: str, answer: str) -> None:
    """Type until it is answered: fish throws away what was typed before it reads."""
    for _ in range(7):
        login.type(line)
        try:
            await login.expect(answer, seconds=5)
        except AssertionError:
            continue
        return
    await login.expect(answer)


@pytest.mark.parametrize("program", ["/usr/bin/zsh", "/usr/bin/fish", "/bin/sh"])
async def test_with_the_grant_the_recording_of_logins_ends(
    world: World, python: str, program: str
) -> None:
    async with login_host(world, python, program) as host:
        before = host.mounts()
        (host.folder / "other/.zshrc").touch()
        await host.grants()
        login = await host.login()
        await login.expect("THIS LOGIN IS RECORDED")
        name = (await host.opened())["terminal"]
        await _echoes(login, "echo here-$SHELL\n", f"here-{program}\r")
        host.root(*host.jumpseat.split(), "revoke")
        await login.expect("the recording of this login has ended")
        await until(lambda: host.mounts() == before, "the mounts to be as before")
        login.type("exit 4\n")
        assert await login.ended() == 4
        assert f"here-{program}\r" in output((host.session / name).read_bytes())
        await host.ends()


async def test_shells_within_a_recorded_terminal_tell_their_commands(
    world: World, python: str
) -> None:
    async with login_host(world, python) as host:
        await host.grants()
        su, ran = "sudo su - other", []
        for step, command in enumerate(("bash", "sudo -i", su), 2):
            host.seat.type(f"{command}\n")
            await host.seat.expect(re.compile(rb"[$#] "))
            await until(partial(tells, host, step), f"{command} to tell")
            host.seat.type(f"echo within-{step}; (exit {step})\n")
            await host.seat.expect(f"within-{step}\r")
            await host.seat.expect(re.compile(rb"[$#] "))
            ran.append(f"echo within-{step}; (exit {step})")
        await until(lambda: len(host.logged("command_ended")) >= 3, "the last to end")
        started = host.logged("command_started")
        assert [one["line"] for one in started] == [
            "bash", ran[0], "sudo -i", ran[1], su, ran[2],
        ]  # fmt: skip
        assert [one["depth"] for one in started] == [1, 2, 2, 3, 3, 4]
        assert [one["status"] for one in host.logged("command_ended")] == [2, 3, 4]
        await host.ends()


def own_profile(host: LoginHost, python: str) -> tuple[str, ...]:
    """How the probes see it, which must not take ours for a change."""
    code = "from broker.host.logins import mounts; mounts.see_own(); "
    code += "print(open('/etc/profile').read(), end='')"
    return ("env", f"PYTHONPATH={host.folder}/home/jumpseat.pyz", python, "-c", code)


def tells(host: LoginHost, shells: int) -> bool:
    """Whether so many shells have told a command, each but the last that of the next."""
    return len(host.logged("command_started")) >= 2 * shells - 3
