"""Real servers for one test, in a folder of their own, on loopback or on a socket there."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.waiting import PATIENCE_SECONDS

_SSHD = """Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
StrictModes no
PidFile none
UsePAM no
"""


@contextlib.contextmanager
def sshd() -> Iterator[str]:
    """An sshd that lets us in; how to log in to it. Skips where the machine has none."""
    server = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:" + os.environ["PATH"])
    if server is None or not shutil.which("ssh"):
        pytest.skip("no sshd, or no ssh, on this machine")
    with tempfile.TemporaryDirectory(prefix="sshd-") as name:
        folder = Path(name)
        for key in ("host", "user"):
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        (folder / "conf").write_text(_SSHD.format(port=port, folder=folder))
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        process = subprocess.Popen([server, "-D", "-f", str(folder / "conf")])
        try:
            _until_it_listens(port)
            us = pwd.getpwuid(os.getuid()).pw_name
            (folder / "client").write_text(
                f"Host far\nHostName 127.0.0.1\nPort {port}\nUser {us}\n"
                f"IdentityFile {folder}/user\nStrictHostKeyChecking no\nLogLevel ERROR\n"
                "UserKnownHostsFile /dev/null\n"
            )
            yield f"ssh -F {folder}/client"
        finally:
            process.terminate()
            process.wait()


def _until_it_listens(port: int) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.02)
    raise AssertionError("sshd does not listen")


@contextlib.contextmanager
def postgres() -> Iterator[Path]:
    """A PostgreSQL with nothing in it; the folder of its socket. Skips where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found or not shutil.which("psql"):
        pytest.skip("no PostgreSQL on this machine")
    programs = found[-1].parent
    drop: tuple[str, ...] = ()
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        if os.geteuid() == 0:  # it runs as anybody but root
            user = pwd.getpwnam("postgres")
            os.chown(name, user.pw_uid, user.pw_gid)
            drop = ("setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")
        control = (*drop, str(programs / "pg_ctl"), "-D", f"{name}/data")
        run(
            *drop, str(programs / "initdb"), "-D", f"{name}/data", "-A", "trust", "-N",
            "-U", "postgres", cwd=name,
        )  # fmt: skip
        options = f"-k {name} -c listen_addresses= -c fsync=off"
        run(*control, "-w", "-o", options, "-l", f"{name}/log", "start", cwd=name)
        try:
            yield Path(name)
        finally:
            run(*control, "-m", "immediate", "stop", cwd=name)


def run(*argv: str, cwd: str | None = None) -> None:
    """Run a program that must do what it is asked."""
    subprocess.run(argv, cwd=cwd, check=True, stdout=subprocess.DEVNULL)
