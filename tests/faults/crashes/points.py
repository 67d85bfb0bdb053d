"""The fail points: each is a system call of one of our processes on one of its files or sockets."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

_SEND = "sendto,sendmsg"
_RECEIVE = "recvfrom,recvmsg"
_WRITE = "pwrite64,write"


class Part(Enum):
    """Whose process is killed."""

    RECORDER = "recorder"
    UPLINK = "uplink"
    BROKER = "broker"


class Phase(Enum):
    """What it is doing: the fault is in place when that begins."""

    RUNNING = "running"
    STARTING = "starting"
    """After it was killed: so it is killed in its recovery."""
    DIALLING = "dialling"
    """The broker was killed, and is started again."""
    NEW_RUN = "new-run"
    """The recorder was killed, and is started again."""
    ENDING = "ending"
    """The customer ends the session."""


@dataclass(frozen=True)
class Point:
    """The ``nth`` of these calls on such a file (empty: on anything)."""

    part: Part
    phase: Phase
    calls: str
    on: str
    nth: int

    def __str__(self) -> str:
        calls = self.calls.partition(",")[0]
        return f"{self.part.value}/{self.phase.value} {calls} {self.on or 'any'} #{self.nth}"


_R, _U, _B = Part
_TABLE: tuple[tuple[Part, Phase, str, str, int], ...] = (
    (_R, Phase.RUNNING, _WRITE, "log", 3),
    (_R, Phase.RUNNING, _WRITE, "cast", 3),
    (_R, Phase.RUNNING, "fdatasync", "log", 1),
    (_R, Phase.RUNNING, "fdatasync", "cast", 1),
    (_R, Phase.RUNNING, "pread64", "log", 2),
    (_R, Phase.RUNNING, "pread64", "cast", 2),
    (_R, Phase.RUNNING, _WRITE, "receipts", 1),
    (_R, Phase.RUNNING, "ftruncate", "receipts", 1),
    (_R, Phase.RUNNING, "fdatasync", "receipts", 1),
    (_R, Phase.RUNNING, _SEND, "", 4),
    (_R, Phase.RUNNING, _RECEIVE, "", 4),
    (_R, Phase.STARTING, "openat", "earlier", 4),
    (_R, Phase.STARTING, "ftruncate", "earlier", 1),
    (_R, Phase.STARTING, "fsync", "earlier", 1),
    (_R, Phase.STARTING, "openat", "log", 1),
    (_R, Phase.STARTING, "fsync", "folder", 2),
    (_R, Phase.STARTING, _WRITE, "log", 4),
    (_R, Phase.STARTING, "openat", "cast", 1),
    (_R, Phase.STARTING, _WRITE, "cast", 2),
    (_R, Phase.STARTING, "openat,unlink,rename", "socket", 1),
    (_R, Phase.STARTING, _SEND, "", 4),
    (_R, Phase.STARTING, _RECEIVE, "", 3),
    (_R, Phase.STARTING, "openat", "reserve", 1),
    (_R, Phase.STARTING, _WRITE, "reserve", 1),
    (_R, Phase.STARTING, "openat", "receipts", 2),
    (_R, Phase.STARTING, "ftruncate", "receipts", 2),
    (_R, Phase.STARTING, _WRITE, "receipts", 1),
    (_R, Phase.STARTING, "fdatasync", "receipts", 1),
    (_R, Phase.STARTING, "fdatasync", "log", 1),
    (_R, Phase.STARTING, "fdatasync", "cast", 1),
    (_R, Phase.ENDING, _WRITE, "log", 2),
    (_R, Phase.ENDING, _WRITE, "cast", 1),
    (_R, Phase.ENDING, _WRITE, "receipts", 2),
    (_R, Phase.ENDING, "fdatasync", "receipts", 2),
    (_R, Phase.ENDING, "openat", "session", 1),
    (_R, Phase.ENDING, _WRITE, "session", 1),
    (_R, Phase.ENDING, "fsync", "session", 1),
    (_R, Phase.ENDING, "rename", "session", 1),
    (_R, Phase.ENDING, "unlink", "reserve", 1),
    (_R, Phase.ENDING, "unlink", "socket", 1),
    (_R, Phase.ENDING, _SEND, "", 3),
    (_U, Phase.RUNNING, _SEND, "", 6),
    (_U, Phase.RUNNING, _RECEIVE, "", 6),
    (_U, Phase.RUNNING, "epoll_wait", "", 2),
    (_U, Phase.DIALLING, "socket", "", 1),
    (_U, Phase.DIALLING, "connect", "", 1),
    (_U, Phase.DIALLING, "close", "", 1),
    (_U, Phase.DIALLING, _SEND, "", 6),
    (_U, Phase.DIALLING, _RECEIVE, "", 6),
    (_U, Phase.ENDING, _SEND, "", 2),
    (_U, Phase.ENDING, _RECEIVE, "", 2),
    (_U, Phase.ENDING, "close", "", 1),
    (_B, Phase.RUNNING, "openat", "cast", 2),
    (_B, Phase.RUNNING, "ftruncate", "cast", 2),
    (_B, Phase.RUNNING, _WRITE, "cast", 3),
    (_B, Phase.RUNNING, "fdatasync", "cast", 3),
    (_B, Phase.RUNNING, "openat", "log", 1),
    (_B, Phase.RUNNING, "ftruncate", "log", 1),
    (_B, Phase.RUNNING, _WRITE, "log", 2),
    (_B, Phase.RUNNING, "fdatasync", "log", 2),
    (_B, Phase.RUNNING, "openat", "receipts", 2),
    (_B, Phase.RUNNING, "ftruncate", "receipts", 1),
    (_B, Phase.RUNNING, _WRITE, "receipts", 1),
    (_B, Phase.RUNNING, "fdatasync", "receipts", 1),
    (_B, Phase.RUNNING, _SEND, "", 6),
    (_B, Phase.RUNNING, _RECEIVE, "", 6),
    (_B, Phase.RUNNING, "epoll_wait", "", 2),
    (_B, Phase.STARTING, "openat", "earlier", 3),
    (_B, Phase.STARTING, "fsync", "earlier", 3),
    (_B, Phase.STARTING, "fsync", "folder", 1),
    (_B, Phase.STARTING, "pread64", "earlier", 1),
    (_B, Phase.STARTING, _WRITE, "database", 1),
    (_B, Phase.STARTING, "fdatasync", "database", 1),
    (_B, Phase.STARTING, "openat", "receipts", 2),
    (_B, Phase.STARTING, "fsync", "receipts", 1),
    (_B, Phase.STARTING, "ftruncate", "receipts", 1),
    (_B, Phase.STARTING, _WRITE, "receipts", 1),
    (_B, Phase.STARTING, "fdatasync", "receipts", 1),
    (_B, Phase.STARTING, "accept4", "", 3),
    (_B, Phase.STARTING, _SEND, "", 6),
    (_B, Phase.STARTING, _WRITE, "cast", 1),
    (_B, Phase.STARTING, "fdatasync", "cast", 1),
    (_B, Phase.NEW_RUN, "openat", "log", 2),
    (_B, Phase.NEW_RUN, "fsync", "folder", 2),
    (_B, Phase.NEW_RUN, "ftruncate", "log", 2),
    (_B, Phase.NEW_RUN, _WRITE, "log", 2),
    (_B, Phase.NEW_RUN, "fdatasync", "log", 2),
    (_B, Phase.NEW_RUN, "openat", "cast", 2),
    (_B, Phase.NEW_RUN, "ftruncate", "cast", 1),
    (_B, Phase.NEW_RUN, _WRITE, "cast", 1),
    (_B, Phase.NEW_RUN, "fdatasync", "cast", 1),
    (_B, Phase.NEW_RUN, "openat", "receipts", 1),
    (_B, Phase.NEW_RUN, "ftruncate", "receipts", 1),
    (_B, Phase.NEW_RUN, _WRITE, "receipts", 1),
    (_B, Phase.NEW_RUN, "fdatasync", "receipts", 1),
    (_B, Phase.ENDING, "openat", "receipts", 2),
    (_B, Phase.ENDING, "ftruncate", "receipts", 1),
    (_B, Phase.ENDING, _WRITE, "receipts", 1),
    (_B, Phase.ENDING, "fdatasync", "receipts", 1),
    (_B, Phase.ENDING, _WRITE, "log", 1),
    (_B, Phase.ENDING, "fdatasync", "log", 1),
    (_B, Phase.ENDING, _WRITE, "database", 2),
    (_B, Phase.ENDING, "fdatasync", "database", 1),
    (_B, Phase.ENDING, _SEND, "", 2),
    (_B, Phase.ENDING, _RECEIVE, "", 3),
)

# Threads are counted by themselves: what takes turns in several comes by once in each.
ALL = tuple(
    Point(part, phase, calls, on, nth)
    for part, phase, calls, on, most in _TABLE
    for nth in range(1, most + 1)
)
ENDING = tuple(one for one in ALL if one.phase is Phase.ENDING)
_going_on = [one for one in ALL if one.phase is not Phase.ENDING]
# Mixed, as an uplink that lost its broker again and again waits longer each time.
random.Random(0).shuffle(_going_on)  # noqa: S311 - to be the same again
GOING_ON = tuple(_going_on)


def plan(seed: int, world: int, kills: int) -> Iterator[Point]:
    """The points of one world, in order; the last one is where its session ends.

    Worlds take all points in turn first, as many each as they have kills; then random ones.
    """
    chance = random.Random(f"{seed}:{world}")  # noqa: S311 - to be the same again
    first = world * (kills - 1)
    for at in range(first, first + kills - 1):
        if at < len(GOING_ON):
            yield GOING_ON[at]
        else:
            one = chance.choice(GOING_ON)
            yield Point(one.part, one.phase, one.calls, one.on, chance.randint(1, one.nth * 2))
    yield ENDING[world] if world < len(ENDING) else chance.choice(ENDING)
