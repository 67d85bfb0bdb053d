"""Real processes: who descends from whom is the kernel's to say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from broker.host.inside import is_inside

# A recorder that starts a shell that starts something in the background, cut loose from both.
_TREE = """
import os, subprocess, sys, time
from broker.host.inside import adopt_orphans, bury_orphans, is_inside
adopt_orphans()
read, write = os.pipe()
shell = subprocess.Popen(
    ["setsid", "-f", "sh", "-c", f"echo $$ >&{write}; exec sleep 60"], pass_fds=(write,)
)
shell.wait()
loose = int(os.read(read, 100))
print(is_inside(loose, os.getpid()))
os.kill(loose, 9)
while True:
    bury_orphans(())
    try:
        os.kill(loose, 0)
    except ProcessLookupError:
        break
    time.sleep(0.01)
print("buried")
"""


def test_a_child_is_inside_and_a_parent_is_not() -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as child:
        assert is_inside(child.pid, os.getpid())
        assert not is_inside(os.getppid(), os.getpid())
        assert not is_inside(1, os.getpid())


def test_what_cannot_be_told_is_inside() -> None:
    assert is_inside(0, os.getpid())
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    assert is_inside(gone.pid, os.getpid())


def test_a_process_that_cuts_itself_loose_stays_inside_and_is_reaped() -> None:
    tree = subprocess.run(
        [sys.executable, "-c", _TREE],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert tree.stdout.split() == ["True", "buried"]
