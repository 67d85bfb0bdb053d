"""With sudo: the recorder runs as root, the shell as whoever called it, who can't touch a record.

The users, the rules of sudo, and root's folders are of a mount namespace that the test makes;
those of this machine are not touched.
"""

import os
import shutil
from pathlib import Path

import pytest

from tests import interpreters
from tests.journeys import processes
from tests.journeys.broker import Engineer
from tests.journeys.recording import LOG, TERMINAL, output
from tests.journeys.terminal import Terminal
from tests.journeys.viewer import viewing
from tests.journeys.waiting import until
from tests.journeys.world import World

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("sudo"), reason="a mount namespace needs root, and sudo"
)

UID = 61234
VISITOR = f"visitor:x:{UID}:{UID}::HOME:/bin/bash\n"
SUDOERS = f"""\
Defaults env_keep += "{processes.MARK}"
root ALL=(ALL) ALL
visitor ALL=(ALL) NOPASSWD: ALL
"""

# Runs as root in a mount namespace of its own; becomes the user's login.
ENTER = f"""
set -e
cd "$1"
mount --bind passwd /etc/passwd
mount --bind group /etc/group
mount --bind shadow /etc/shadow
mount --bind sudoers /etc/sudoers
mount -t tmpfs -o mode=755 none /run
mount -t tmpfs -o mode=755 none /var/lib
mkdir /var/lib/jumpseat
mount --bind state /var/lib/jumpseat
exec setpriv --reuid {UID} --regid {UID} --clear-groups \
  env HOME="$1/home" USER=visitor LOGNAME=visitor bash --norc
"""


def a_host(folder: Path) -> None:
    """Lay out the files that ENTER mounts."""
    folder.chmod(0o755)
    (folder / "home").mkdir()
    os.chown(folder / "home", UID, UID)
    (folder / "state").mkdir(mode=0o700)
    root = "root:x:0:0:root:/root:/bin/bash\n"
    (folder / "passwd").write_text(root + VISITOR.replace("HOME", str(folder / "home")))
    (folder / "group").write_text(f"root:x:0:\nvisitor:x:{UID}:\n")
    (folder / "shadow").write_text("root:*:19000::::::\nvisitor:*:19000::::::\n")
    (folder / "shadow").chmod(0o640)
    (folder / "sudoers").write_text(SUDOERS)
    (folder / "sudoers").chmod(0o440)


def python_for_everybody() -> str | None:
    """An interpreter that any user may run, which one in root's home is not."""
    for one in ("/usr/bin/python3", *map(interpreters.find, interpreters.CUSTOMERS)):
        if one and Path(one).exists():
            path = Path(one).resolve()
            if all(part.stat().st_mode & 0o001 for part in [path, *path.parents]):
                return one
    return None


async def test_recorder_as_root_and_shell_as_the_user(world: World, alice: Engineer) -> None:
    python = python_for_everybody()
    if python is None:
        pytest.skip("no Python that every user may run")
    folder = world.folder / "host"
    folder.mkdir()
    world.folder.chmod(0o755)
    a_host(folder)
    answer = await world.broker.request("GET", "/jumpseat.pyz")
    (folder / "home/jumpseat.pyz").write_bytes(answer.body)
    invitation = await world.broker.invite()

    seat = Terminal()
    await seat.run(["unshare", "--mount", "bash", "-c", ENTER, "enter", str(folder)], world.env)
    try:
        jumpseat = f"{python} -I ~/jumpseat.pyz"
        await seat.expect("$ ")
        seat.type(
            f"sudo {jumpseat} grant {invitation.code} --broker {world.broker.url} --mode control\n"
        )
        await seat.expect('Type "I agree"')
        seat.type("I agree\n")
        await seat.expect("`exit` ends it.")
        await seat.expect("$ ")
        (records,) = (path.parent for path in (folder / "state").glob("*/session.json"))

        async with viewing(world.broker, records.name, alice) as viewer:
            await viewer.follow(LOG)
            await viewer.follow(TERMINAL)
            await viewer.type(TERMINAL, "echo I am $(id -un) $(id -u) $(id -G)\n")
            await seat.expect(f"I am visitor {UID} {UID}\r\n")

            # What is recorded is out of the shell's reach, the recorder's process too.
            await viewer.type(TERMINAL, "ls /var/lib/jumpseat; kill -9 $PPID; echo tried=$?\n")
            await seat.expect("Permission denied")
            await seat.expect("tried=1")

            # Its user may still command it, without sudo.
            await viewer.type(TERMINAL, f"{jumpseat} status --json\n")
            await seat.expect('"protected": true')

            started = await viewer.until_logged("started")
            assert (started["recorder"]["uid"], started["shell"]["uid"]) == (0, UID)
            assert started["protected"] is True

            owners = {
                part: one.uid
                for one in processes.marked(world.mark)
                for part in ("recorder", "uplink")
                if part in one.argv
            }
            assert owners == {"recorder": 0, "uplink": UID}

            await viewer.type(TERMINAL, "exit\n")
            await viewer.is_told("ended")
        await seat.expect("has ended")
        summary = await world.broker.summary(records.name, alice)
        assert summary["protected"] is True
        await until(
            lambda: not [one for one in processes.marked(world.mark) if "recorder" in one.argv],
            "the recorder to end",
        )
        cast = (records / TERMINAL).read_bytes()
        assert await world.broker.stream(records.name, TERMINAL, alice) == cast
        assert f"I am visitor {UID}" in output(cast)
    finally:
        await seat.close()
