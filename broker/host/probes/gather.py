"""Has all probes looked at once, a few at a time, and reads what they saw.

Threads start commands, read files and walk trees; what they bring is masked and parsed here, in
the main thread, where an alarm can end a pattern that finds no end.
"""

from __future__ import annotations

import queue
import signal
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Callable, Dict, Iterator, List, Mapping, Sequence, Set, Tuple, Union

from broker.host.probes.declared import NEEDED
from broker.host.probes.masking import masked
from broker.host.probes.parsers.firewall import NFT_MADE
from broker.host.probes.probe import Probe
from broker.host.probes.running import Looked, NotThere, Runner, Unseen, User
from broker.host.probes.trees import Tree, Walk

DEADLINE_SECONDS = 18.0
_AT_A_TIME = 8
_READ_SECONDS = 0.5  # of CPU

Limit = Tuple[str, str]
"""Which probe, and what it did not see or why it saw nothing."""
Seen = Union[Looked, Tree, Unseen]
Job = Tuple[str, Callable[[], Seen]]


@dataclass
class Gathered:
    """What was seen: by probe, and by the root of a tree."""

    facts: Dict[str, Dict[str, Dict[str, str]]] = field(default_factory=dict)
    unseen: Dict[str, List[str]] = field(default_factory=dict)
    """By probe, paths that are there and were not read."""
    trees: Dict[str, Tree] = field(default_factory=dict)
    limits: List[Limit] = field(default_factory=list)


class _NoEnd(Exception):
    pass


def gather(probes: Sequence[Probe], walks: Mapping[str, Walk], user: User) -> Gathered:
    """Look with all of them; at the deadline, with what has been seen until then."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    runner = Runner(user)
    jobs: List[Job] = [(root, walk.look) for root, walk in walks.items()]
    jobs += [(probe.name, partial(runner.look, probe)) for probe in probes]
    answers = _start(jobs)
    waiting = {name for name, _ in jobs}
    by_name = {probe.name: probe for probe in probes}
    found = Gathered()
    missing: Set[str] = set()
    while waiting:
        try:
            name, seen = answers.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            break
        waiting.discard(name)
        if isinstance(seen, Tree):
            found.trees[name] = seen
            found.limits += [(f"files in {name}", why) for why in seen.limits]
        elif isinstance(seen, NotThere) and by_name[name].optional:
            missing.add(name)
        elif name in walks:
            found.limits.append((f"files in {name}", str(seen)))
        else:
            _take(found, by_name[name], seen)
    runner.stop()
    found.limits += [(name, "no answer in time") for name in sorted(waiting)]
    found.limits += _unseen_areas(probes, missing)
    if "nft" in found.facts:
        for name in ("iptables", "ip6tables"):
            _drop_nft_made(found.facts.get(name, {}))
    return found


def _start(jobs: Sequence[Job]) -> "queue.SimpleQueue[Tuple[str, Seen]]":
    """Threads that do the jobs in their order; they are left behind where they hang."""
    todo: "queue.SimpleQueue[Job]" = queue.SimpleQueue()
    answers: "queue.SimpleQueue[Tuple[str, Seen]]" = queue.SimpleQueue()
    for job in jobs:
        todo.put(job)

    def work() -> None:
        while True:
            try:
                name, look = todo.get_nowait()
            except queue.Empty:
                return
            try:
                answers.put((name, look()))
            except Unseen as why:
                answers.put((name, why))
            except OSError as error:
                answers.put((name, Unseen((error.strerror or "not readable").lower())))

    for _ in range(_AT_A_TIME):
        threading.Thread(target=work, daemon=True).start()
    return answers


def _take(found: Gathered, probe: Probe, seen: Union[Looked, Unseen]) -> None:
    """Mask and parse what a probe brought; nothing that is not masked goes further."""
    said, limits, unseen = Looked([], [str(seen)], []) if isinstance(seen, Unseen) else seen
    facts: Dict[str, Dict[str, str]] = {}
    try:
        with _alarm(_READ_SECONDS):
            limits = [masked(why, probe.secret) for why in limits]
            for source, data in said:
                text = masked(data.decode(errors="replace"), probe.secret)
                for subject, one in probe.parser(source, text).items():
                    facts.setdefault(subject, {}).update(one)
        if not isinstance(seen, Unseen):
            found.facts[probe.name] = facts
            found.unseen[probe.name] = unseen
    except _NoEnd:
        limits = ["its output and patterns take too long to read"]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        limits.append("what it says makes no sense")
    found.limits += [(probe.name, why) for why in limits]


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raise ``_NoEnd`` in the main thread, in the middle of whatever it does, after so much CPU."""

    def ring(*_: object) -> None:
        raise _NoEnd

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _unseen_areas(probes: Sequence[Probe], missing: Set[str]) -> List[Limit]:
    return [
        (area, f"{programs} is installed")
        for area, programs in NEEDED.items()
        if {one.name for one in probes if one.area == area} <= missing
    ]


def _drop_nft_made(facts: Dict[str, Dict[str, str]]) -> None:
    for subject in [one for one in facts if NFT_MADE in one]:
        del facts[subject]
