"""What /proc says of a process, read at once: it may be gone in a moment."""

from __future__ import annotations

import os
import pwd
from contextlib import suppress
from functools import lru_cache
from typing import List, NamedTuple, Optional

_MOST_BYTES = 4096
_MOST_PATH = 300
_NOBODY = 0xFFFFFFFF  # no login: a loginuid of -1
_PTS = range(136, 144)


class Standing(NamedTuple):
    """Where a process stands."""

    parent: int
    session: int
    """The process that leads its session."""
    tty: int
    """The number of its controlling terminal's device; 0: none."""


def standing(pid: int) -> Optional[Standing]:
    """None where it is gone, or hidden from us."""
    stat = _read(pid, "stat")
    try:
        # state, parent, group, session, terminal; what is before may hold anything
        fields = stat[stat.rindex(b")") + 2 :].split(None, 5)
        return Standing(int(fields[1]), int(fields[3]), int(fields[4]) & 0xFFFFFFFF)
    except (ValueError, IndexError):
        return None


def argv(pid: int) -> Optional[List[str]]:
    """Its command line, cut off beyond 4 KiB; None where it has ended."""
    found = _read(pid, "cmdline")
    if not found:
        return None
    text = found.decode(errors="replace")
    words = text[:-1] if text.endswith("\0") else text
    return ["".join(map(_printable, word)) for word in words.split("\0")]


def cwd(pid: int) -> str:
    """The directory that it is in; empty where that can't be seen."""
    with suppress(OSError):
        return "".join(map(_printable, os.readlink(f"/proc/{pid}/cwd")[:_MOST_PATH]))  # noqa: PTH115
    return ""


def user(pid: int) -> str:
    """As whom it runs, and who had logged in where that is somebody else."""
    uid = None
    for line in _read(pid, "status").splitlines():
        if line.startswith(b"Uid:"):
            uid = int(line.split()[1])
            break
    if uid is None:
        return ""
    with suppress(ValueError):
        login = int(_read(pid, "loginuid"))
        if login not in (_NOBODY, uid):
            return f"{_name(uid)}, logged in as {_name(login)}"
    return _name(uid)


def terminal(tty: int) -> str:
    """What a terminal is called, as ``pts/3`` or ``tty1``."""
    major, minor = os.major(tty), os.minor(tty)
    if major in _PTS:
        return f"pts/{(major - _PTS.start) * 256 + minor}"
    with suppress(OSError):
        return os.path.basename(os.readlink(f"/sys/dev/char/{major}:{minor}"))  # noqa: PTH115, PTH119
    return f"{major}:{minor}"


@lru_cache(maxsize=256)
def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _read(pid: int, name: str) -> bytes:
    """The beginning of a file of /proc; empty where it can't be read."""
    try:
        fd = os.open(f"/proc/{pid}/{name}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(fd, _MOST_BYTES)
    except OSError:
        return b""
    finally:
        os.close(fd)


def _printable(char: str) -> str:
    return char if char.isprintable() or char in "\n\t" else "\ufffd"
