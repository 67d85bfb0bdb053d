"""What /proc says of processes that are there, and of some that are not."""

from __future__ import annotations

import os
import subprocess

import pytest

from broker.host.execs import seen


@pytest.mark.parametrize(
    ("device", "name"),
    [((136, 3), "pts/3"), ((137, 1), "pts/257"), ((4, 1), "tty1"), ((250, 99999), "250:99999")],
)
def test_what_a_terminal_is_called(device: tuple[int, int], name: str) -> None:
    assert seen.terminal(os.makedev(*device)) == name


def test_a_process_with_a_name_that_looks_like_fields() -> None:
    command = ["sh", "-c", "printf ') S 1 1 1 1' >/proc/$$/comm; echo; read line", "\x1b[2J", ""]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, cwd="/usr"
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert seen.standing(process.pid) == seen.Standing(os.getpid(), process.pid, 0)
        assert seen.argv(process.pid) == [*command[:3], "\ufffd[2J", ""]
        assert seen.cwd(process.pid) == "/usr"
        process.communicate(b"\n")
    assert seen.standing(process.pid) is None
    assert seen.argv(process.pid) is None
    assert (seen.cwd(process.pid), seen.user(process.pid)) == ("", "")
