"""An OpenSSH server of our own on the loopback: what everything is compared with."""

import getpass
import shutil
import socket
import subprocess
import time
from pathlib import Path

CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PrintMotd no
PrintLastLog no
MaxStartups 100
# Whatever somebody's start files do is not ssh's to answer for; the customers' homes have none.
SetEnv HOME={folder}
"""


class OpenSsh:
    """One server, until ``stop``."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        for name in ("host", "user"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True
            )
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        (folder / "config").write_text(CONFIG.format(port=self._port, folder=folder))
        Path("/run/sshd").mkdir(exist_ok=True)  # sshd's, where its own service would have made it
        program = shutil.which("sshd") or "/usr/sbin/sshd"  # it insists on its whole path
        self._process = subprocess.Popen(
            [program, "-D", "-f", folder / "config", "-E", folder / "log"]
        )
        self._wait()

    def command(self, *remote: str) -> list[str]:
        """How to run something on a terminal behind it."""
        options = {
            "IdentityFile": self._folder / "user",
            "StrictHostKeyChecking": "no",
            "UserKnownHostsFile": "/dev/null",
            "LogLevel": "ERROR",
            # Newer clients add noise to the time between keys; this one may not know it.
            "IgnoreUnknown": "ObscureKeystrokeTiming",
            "ObscureKeystrokeTiming": "no",
        }
        told = [f"-o{name}={value}" for name, value in options.items()]
        where = f"{getpass.getuser()}@127.0.0.1"
        return ["ssh", "-F", "none", "-tt", "-p", str(self._port), *told, where, *remote]

    def children(self) -> list[int]:
        """The process ids of its sessions."""
        task = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return [int(one) for one in task.read_text().split()]

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 10
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self._port), 1) as found:
                    found.recv(4)
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
