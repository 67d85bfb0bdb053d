"""A host that people log in to by a real sshd; its users, its /run and its mounts are its own."""

import asyncio
import os
import re
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from broker.recording import session_log
from tests import interpreters
from tests.journeys import processes, terminal
from tests.journeys.terminal import Terminal
from tests.journeys.waiting import until
from tests.journeys.world import World

NEEDED = ("sudo", "sshd", "ssh", "ssh-keygen", "unshare", "nsenter", "tmux")
CUSTOMER, OTHER = 61234, 61235
_SUDOERS = f"""\
Defaults env_keep += "{processes.MARK}"
Defaults use_pty
root ALL=(ALL) ALL
visitor ALL=(ALL) NOPASSWD: ALL
"""
_SSHD = """\
HostKey {folder}/host-key
ListenAddress 127.0.0.1:{port}
PidFile none
UsePAM no
StrictModes no
AuthorizedKeysFile {folder}/key.pub
Subsystem sftp internal-sftp
AcceptEnv CANARY
"""
_SET_UP = """
set -e
cd {folder}
for one in passwd group shadow sudoers; do mount --bind $one /etc/$one; done
mount -t tmpfs -o mode=755 none /run
mount -t tmpfs -o mode=755 none /var/lib
mkdir /run/sshd /var/lib/jumpseat
mount --bind state /var/lib/jumpseat
touch ready
exec /usr/sbin/sshd -D -f {folder}/sshd.conf -E {folder}/sshd.log
"""


def lacking() -> str:
    """Why there can be none here; empty: there can."""
    if os.geteuid() != 0:
        return "namespaces need root"
    missing = [one for one in NEEDED if not shutil.which(one, path="/usr/sbin:/usr/bin:/sbin:/bin")]
    return f"not installed: {', '.join(missing)}" if missing else ""


def python_for_everybody() -> str | None:
    """An interpreter that any user may run, which one in root's home is not."""
    for one in ("/usr/bin/python3", *map(interpreters.find, interpreters.CUSTOMERS)):
        if one and Path(one).exists():
            path = Path(one).resolve()
            if all(part.stat().st_mode & 0o001 for part in [path, *path.parents]):
                return one
    return None


class LoginHost:
    """The host. ``visitor`` grants there with sudo; ``other`` logs in."""

    def __init__(self, world: World, python: str) -> None:
        self.world = world
        self.folder = world.folder / "host"
        self.jumpseat = f"{python} -I {self.folder}/home/jumpseat.pyz"
        self.seat: Terminal
        self.windows: list[Terminal] = []
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self.within: tuple[str, ...]

    async def lay_out(self, shell: str) -> None:
        """The files; ``shell`` is the one of ``other``."""
        folder = self.folder
        folder.mkdir()
        self.world.folder.chmod(0o755)
        folder.chmod(0o755)
        for name, uid in (("home", CUSTOMER), ("other", OTHER)):
            (folder / name).mkdir()
            os.chown(folder / name, uid, uid)
        (folder / "state").mkdir(mode=0o700)
        (folder / "passwd").write_text(
            "root:x:0:0:root:/root:/bin/bash\n"
            f"sshd:x:61236:65534::/run/sshd:/usr/sbin/nologin\n"
            f"visitor:x:{CUSTOMER}:{CUSTOMER}::{folder}/home:/bin/bash\n"
            f"other:x:{OTHER}:{OTHER}::{folder}/other:{shell}\n"
        )
        (folder / "group").write_text(f"root:x:0:\nvisitor:x:{CUSTOMER}:\nother:x:{OTHER}:\n")
        (folder / "shadow").write_text(
            "".join(f"{one}:*:19000::::::\n" for one in ("root", "visitor", "other"))
        )
        (folder / "shadow").chmod(0o640)
        (folder / "sudoers").write_text(_SUDOERS)
        (folder / "sudoers").chmod(0o440)
        (folder / "sshd.conf").write_text(_SSHD.format(folder=folder, port=self._port))
        for name in ("host-key", "key"):
            path = str(folder / name)
            await terminal.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], self.world.env
            )
        answer = await self.world.broker.request("GET", "/jumpseat.pyz")
        (folder / "home/jumpseat.pyz").write_bytes(answer.body)

    async def grants(self, *options: str) -> None:
        """Grant as ``visitor``, with sudo, up to the recorded shell."""
        invitation = await self.world.broker.invite()
        as_user = ["setpriv", f"--reuid={CUSTOMER}", f"--regid={CUSTOMER}", "--clear-groups"]
        home = ["env", f"HOME={self.folder}/home", "USER=visitor", "LOGNAME=visitor"]
        self.seat = await self.window(*self.within, *as_user, *home, "bash", "--norc")
        await self.seat.expect("$ ")
        self.seat.type(
            f"sudo {self.jumpseat} grant {invitation.code} --broker {self.world.broker.url} "
            f"--drift off --others record {' '.join(options)}\n"
        )
        await self.seat.expect('Type "I agree"')
        self.seat.type("I agree\n")
        await self.seat.expect("`exit` ends it.")
        await self.seat.expect("$ ")
        if "--for" not in options:
            await until(self.is_watched, "logins to be recorded")

    async def ends(self) -> None:
        """End the session, and see it end."""
        self.root(*self.jumpseat.split(), "end")
        await until(lambda: not self.parts("recorder"), "the recorder to end")

    async def window(self, *command: str) -> Terminal:
        """A terminal of ours with a program in it."""
        window = Terminal()
        self.windows.append(window)
        await window.run(command, self.world.env)
        return window

    async def login(self, *command: str) -> Terminal:
        """``other`` comes by ssh, with a terminal."""
        return await self.window(*self._ssh("-tt"), *command)

    async def runs(self, *command: str) -> tuple[int, str, str]:
        """``other`` runs something by ssh, without a terminal."""
        return await terminal.run([*self._ssh("-T"), *command], self.world.env)

    def _ssh(self, *options: str) -> list[str]:
        told = ("UserKnownHostsFile=/dev/null", "StrictHostKeyChecking=no", "LogLevel=ERROR")
        more = [word for one in told for word in ("-o", one)]
        key = ["-F", "none", "-i", str(self.folder / "key"), "-p", str(self._port)]
        return ["ssh", *key, *more, *options, "other@127.0.0.1"]

    def copy(self, *paths: str) -> list[str]:
        """How ``other`` copies files by sftp."""
        ssh = self._ssh()
        return ["scp", *ssh[1:5], "-P", ssh[6], *ssh[7:-1], *paths]

    def root(self, *command: str, status: int = 0) -> str:
        """Run something as root on the host, which ends with this status; what it printed."""
        done = subprocess.run([*self.within, *command], capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stderr
        return done.stdout

    def mounts(self) -> list[str]:
        """What is mounted in /etc: of which file, where, how. (Other mounts are other tests'.)"""
        lines = self.root("cat", "/proc/self/mountinfo").splitlines()
        mounts = [" ".join(line.split()[3:6]) for line in lines]
        return sorted(one for one in mounts if " /etc/" in one)

    def is_watched(self) -> bool:
        """Whether files of the recorder's are shown at logins."""
        return any("/logins/" in one for one in self.mounts())

    def parts(self, name: str) -> list[processes.Process]:
        """The processes that run as ``jumpseat NAME``."""
        return [one for one in processes.marked(self.world.mark) if name in one.argv]

    async def kill(self, name: str) -> None:
        """End the one that does, with no chance to say anything."""
        await until(lambda: len(self.parts(name)) == 1, f"one {name}, and who started it to end")
        self.parts(name)[0].kill()

    @property
    def session(self) -> Path:
        """The folder of the session."""
        (found,) = (path.parent for path in (self.folder / "state").glob("*/session.json"))
        return found

    def logged(self, event: str, run: int = 1) -> list[session_log.Entry]:
        """What is in the session log."""
        whole = (self.session / f"run-{run}.log").read_text().splitlines(keepends=True)
        entries = [session_log.decode(line) for line in whole if line.endswith("\n")]
        return [entry for entry in entries if entry["event"] == event]

    async def opened(self, times: int = 1) -> session_log.Entry:
        """Wait until so many logins were recorded; the last."""

        def logins() -> Sequence[session_log.Entry]:
            return [one for one in self.logged("opened") if "login" in one]

        await until(lambda: len(logins()) >= times, f"{times} recorded logins")
        return logins()[times - 1]


@asynccontextmanager
async def login_host(
    world: World, python: str, shell: str = "/bin/bash"
) -> AsyncIterator[LoginHost]:
    """The host, while it runs; all in it ends with it."""
    host = LoginHost(world, python)
    await host.lay_out(shell)
    script = _SET_UP.format(folder=host.folder)
    holder = await asyncio.create_subprocess_exec(
        "unshare", "--mount", "sh", "-c", script, env={"PATH": world.env["PATH"]}
    )
    try:
        await until((host.folder / "ready").exists, "the host")
        host.within = ("nsenter", f"--target={holder.pid}", "--mount", "--")
        yield host
    finally:
        for window in host.windows:
            window.hang_up()
        holder.kill()
        await holder.wait()


def plain(printed: bytes | bytearray | str) -> str:
    """Without colours and titles."""
    text = printed if isinstance(printed, str) else bytes(printed).decode("utf-8", "replace")
    return re.sub(r"\x1b(\[[0-9;?]*[a-zA-Z]|\][^\x07\x1b]*(\x07|\x1b\\))", "", text)
