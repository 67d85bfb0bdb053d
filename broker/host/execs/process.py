"""The process that watches programs begin: whoever reads /proc at once can wait for nothing else.

Its standard input has one JSON object a line: ``{"masks": [text]}`` first, then ``{"own": [tty]}``
whenever the session's terminals change; at its end the process ends. Its standard output has
``{"limit": text}`` where something can't be seen, and ends where nothing can; and, once a second
where there is something to tell, ``{"ran": [program], "lost": count}``, several where it is much;
``at`` is the time of ``time.monotonic()``, which is one for all processes.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from contextlib import suppress
from typing import Any, Dict, List, Sequence

from broker.host.execs.connector import Forked
from broker.host.execs.gathering import Gathering
from broker.host.execs.seen import standing
from broker.host.execs.source import Source, silent_because
from broker.host.masks import DEFAULTS, Mask, mask_argv, own

_EVERY_SECONDS = 1.0
_PROVEN_SECONDS = 1.0
"""So long after it has ended a program of ours is told of, or none will be."""
_AT_A_TIME = 256
_MOST_IN_A_LINE = 25
_CODES = ("jumpseat grant", "jumpseat.pyz grant")
"""What stands before an invitation's code, which works until it is redeemed."""
_NOTHING = (sys.executable, "-I", "-S", "-c", "")


def _is_told(source: Source, gathering: Gathering) -> bool:
    """Whether the kernel tells of a program that we begin ourselves."""
    proof = subprocess.Popen(
        _NOTHING, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    with proof, selectors.DefaultSelector() as ready:
        proof.wait()  # however busy the machine is
        until = time.monotonic() + _PROVEN_SECONDS
        ready.register(source, selectors.EVENT_READ)
        while time.monotonic() < until:
            ready.select(until - time.monotonic())
            if proof.pid in _read(source, gathering):
                return True
    return False


def _watch(source: Source, gathering: Gathering) -> None:
    """Until standard input ends."""
    asked, due = b"", time.monotonic() + _EVERY_SECONDS
    with selectors.DefaultSelector() as ready:
        ready.register(source, selectors.EVENT_READ)
        ready.register(0, selectors.EVENT_READ)
        while True:
            wait = max(0.0, due - time.monotonic()) if gathering else None
            come = {key.fileobj for key, _ in ready.select(wait)}
            if 0 in come:  # first: what is new of our own terminals holds for what comes
                data = os.read(0, 65536)
                if not data:
                    return
                *lines, asked = (asked + data).split(b"\n")
                for line in lines:
                    gathering.is_own(frozenset(json.loads(line)["own"]))
            if source in come:
                _read(source, gathering)
            if time.monotonic() >= due:
                _tell(gathering)
                due = time.monotonic() + _EVERY_SECONDS


def _read(source: Source, gathering: Gathering) -> List[int]:
    """Read what waits, or a good part of it; which processes have begun a program."""
    begun = []
    for _ in range(_AT_A_TIME):
        found = source.read()
        if found is None:
            gathering.missed()
        elif not found:
            break
        for event in found or ():
            if isinstance(event, Forked):
                gathering.forked(*event)
            else:
                gathering.begun(event.pid)
                begun.append(event.pid)
    return begun


def _tell(gathering: Gathering) -> None:
    if not gathering:
        return
    told = gathering.taken()
    ran, lost = told["ran"], told["lost"]
    for at in range(0, max(1, len(ran)), _MOST_IN_A_LINE):
        some = ran[at : at + _MOST_IN_A_LINE]
        is_last = at + _MOST_IN_A_LINE >= len(ran)
        _say({"ran": some, "lost": lost if is_last else 0})


def _say(told: Dict[str, Any]) -> None:
    data = json.dumps(told, ensure_ascii=False).encode(errors="replace") + b"\n"
    while data:
        data = data[os.write(1, data) :]


def _begin(masks: Sequence[Mask]) -> None:
    gathering = Gathering(lambda argv: mask_argv(argv, masks), time.monotonic)
    try:
        source = Source()
    except OSError as error:
        _say({"limit": silent_because(error)})
        return
    try:
        if not _is_told(source, gathering):
            _say({"limit": silent_because(None)})
            return
        if standing(1) is None:
            _say({"limit": "programs of other users can't be seen: /proc hides them"})
        _watch(source, gathering)
        _tell(gathering)
    finally:
        source.close()


def main() -> int:
    """Run as a process."""
    with os.fdopen(0, "rb", buffering=0, closefd=False) as asked:
        texts = json.loads(asked.readline())["masks"]
    with suppress(BrokenPipeError):  # the recorder is gone
        _begin((*DEFAULTS, *map(own, (*_CODES, *texts))))
    return 0
