"""What the kernel tells of a process that asks for a recorded shell. Linux's ``/proc``.

A shell of the recorder's runs beside the process that asked, not within its bounds: whoever is
kept in bounds by a sandbox must not get out of it by asking. So they are compared with our own.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple

# Programs that let people in, and start their shell.
_DOORS = ("login", "sshd", "sshd-session", "dropbear")
_NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")
_BOUNDS = ("NoNewPrivs", "Seccomp", "CapBnd")
_MOST_PARENTS = 100


class _Stat(NamedTuple):
    """A line of ``/proc/PID/stat``, as far as it is wanted."""

    name: str
    parent: int
    session: int
    terminal: int
    """Its number, as ``number`` has it; 0: it has none."""


def number(tty: str) -> int:
    """A terminal device's, as ``/proc/PID/stat`` has it. Raises OSError."""
    device = os.stat(tty).st_rdev  # noqa: PTH116 - a name of the kernel's, not a file
    minor = os.minor(device)
    return (minor & 0xFF) | (os.major(device) << 8) | ((minor & ~0xFF) << 12)


def terminals_of(pid: int) -> Iterator[int]:
    """The terminals that a process runs in: its own, and those around it. Raises OSError."""
    for _ in range(_MOST_PARENTS):
        if pid <= 1:
            return
        found = _stat(pid)
        if found.terminal:
            yield found.terminal
        pid = found.parent


def terminal_of(pid: int) -> int:
    """The terminal of a process; 0: it has none. Raises OSError."""
    return _stat(pid).terminal


def is_login(pid: int) -> bool:
    """Whether it runs in a shell that somebody was let in to, by console or ssh."""
    try:
        door = _stat(_stat(_stat(pid).session).parent)
    except OSError:
        return False
    return door.name in _DOORS


def tty_of(pid: int) -> str:
    """The terminal that it reads, by its name; empty where that can't be told."""
    try:
        return os.readlink(f"/proc/{pid}/fd/0")  # noqa: PTH115
    except OSError:
        return ""


def bounds(pid: int) -> List[str]:
    """What keeps this process, and not us, in bounds. Raises OSError where it is gone."""
    own, its = _bounds(os.getpid()), _bounds(pid)
    return [name for name in own if own[name] != its.get(name)]


def _bounds(pid: int) -> Dict[str, str]:
    folder = f"/proc/{pid}"
    found = {one: os.readlink(f"{folder}/ns/{one}") for one in _NAMESPACES}  # noqa: PTH115
    found["root"] = os.readlink(f"{folder}/root")  # noqa: PTH115
    for line in Path(folder, "status").read_text(errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name in _BOUNDS:
            found[name] = value.strip()
    try:
        found["label"] = Path(folder, "attr/current").read_text(errors="replace")
    except OSError:  # no security module
        found["label"] = ""
    return found


def _stat(pid: int) -> _Stat:
    line = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    before, _, after = line.rpartition(")")
    words = after.split()
    return _Stat(before.partition("(")[2], int(words[1]), int(words[3]), int(words[4]))
