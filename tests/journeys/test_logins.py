"""Whoever logs in while a grant lasts is recorded, knows it, and finds the host as it was after."""

import pytest

from tests.journeys.broker import Engineer
from tests.journeys.login_host import lacking, login_host, plain, python_for_everybody
from tests.journeys.recording import LOG, output
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
        before = host.mounts()
        profile = host.root("cat", "/etc/profile")
        await host.grants("--mode", "control")
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
            await viewer.type(name, "touch /tmp/never\n")
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
        assert "/tmp/never" not in (cast := output((host.session / name).read_bytes()))
        assert "I am other 61235" in cast
        assert "THIS LOGIN IS RECORDED" in cast

        # What is no login is as ever, byte for byte.
        assert await host.runs("echo", "$-;", "cat", "/proc/self/comm") == (0, "hBc\ncat\n", "")
        (host.folder / "other/file").write_bytes(bytes(range(256)) * 100)
        copied = await host.window(
            *host.copy(f"other@127.0.0.1:{host.folder}/other/file", f"{host.folder}/copy")
        )
        assert await copied.ended() == 0
        assert (host.folder / "copy").read_bytes() == bytes(range(256)) * 100
        assert len(host.logged("opened")) == 2

        # One that is there when the session ends goes on, unrecorded.
        last = await host.login()
        await last.expect("they can never type here")
        await last.expect("$ ")
        name = (await host.opened(2))["terminal"]
        host.seat.type("exit\n")
        await last.expect("the recording of this login has ended")
        await until(lambda: host.mounts() == before, "the mounts to be as before")
        assert host.root("cat", "/etc/profile") == profile
        assert not host.root("ls", "/run/jumpseat").split() or "logins\n" not in host.root(
            "ls", "/run/jumpseat"
        )
        last.type("echo still''here; exit 3\n")
        await last.expect("stillhere")
        assert await last.ended() == 3
        assert "stillhere" not in output((host.session / name).read_bytes())
        await until(
            lambda: not [one for one in processes_of(world) if "recorder" in one], "its end"
        )
        after = await host.login()
        await after.expect("$ ")
        assert "RECORDED" not in plain(after.printed)


def processes_of(world: World) -> list[tuple[str, ...]]:
    from tests.journeys import processes

    return [one.argv for one in processes.marked(world.mark)]
