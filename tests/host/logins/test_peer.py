"""Real processes: what keeps them in bounds is the kernel's to say."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from broker.host.logins import peer


def test_who_is_as_free_as_we_are_is_not_in_bounds() -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as child:
        assert peer.bounds(child.pid) == []


@pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv is not installed")
def test_a_sandbox_is_seen() -> None:
    command = ["setpriv", "--no-new-privs", "sh", "-c", "echo; read line"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert peer.bounds(child.pid) == ["NoNewPrivs"]


def test_nobody_was_let_in_to_a_shell_of_ours() -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, start_new_session=True) as child:
        assert not peer.is_login(child.pid)
    assert not peer.is_login(child.pid)


def test_a_terminal_is_known_by_its_number() -> None:
    master, slave = os.openpty()
    command = ["setsid", "--ctty", "sh", "-c", "echo; read line"]
    with subprocess.Popen(command, stdin=slave, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert peer.terminal_of(child.pid) == peer.number(os.ttyname(slave))
        os.write(master, b"\n")
    os.close(master)
    os.close(slave)
