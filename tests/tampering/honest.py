"""Honest sessions with their receipts, small ones, each from a seed."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from random import Random

from broker.recording import session_log
from tests.recording.receipts_made import ONE, TWO, Key, Signer


@dataclass(frozen=True)
class Case:
    """What a verifier is given."""

    session: str
    receipts: bytes
    streams: dict[str, bytes]
    trusted: frozenset[str]

    def with_receipts(self, receipts: bytes) -> Case:
        return replace(self, receipts=receipts)

    def with_stream(self, name: str, data: bytes | None) -> Case:
        """The same with another stream; None: without it."""
        streams = {one: held for one, held in self.streams.items() if one != name}
        return replace(self, streams=streams if data is None else {**streams, name: data})


def honest(random: Random, session: str, key: Key = ONE) -> Case:
    """A session that was complete, of one to three streams, with rotations and new links."""
    names = ["run-1.log", "run-1.terminal-1.cast", "run-2.log"][: random.randint(1, 3)]
    streams = {name: _stream(random, session, name) for name in names}
    signer = Signer(key, session, time=1_700_000_000_000 + random.randrange(10**9)).begins()
    trusted = {key.fingerprint}
    at = dict.fromkeys(names, 0)
    signer.links(0.0)
    while any(at[name] < len(streams[name]) for name in names):
        name = random.choice([name for name in names if at[name] < len(streams[name])])
        at[name] = min(len(streams[name]), at[name] + random.randint(1, 200))
        signer.holds(name, streams[name][: at[name]])
        if random.random() < 0.1:
            signer.links(random.uniform(0, 1000))
        if random.random() < 0.05 and signer.key is key:
            signer.rotates(TWO)
            trusted = random.choice([trusted, {TWO.fingerprint}, trusted | {TWO.fingerprint}])
    return Case(session, signer.completes().file, streams, frozenset(trusted))


def _stream(random: Random, session: str, name: str) -> bytes:
    if not name.endswith(".log"):
        header = json.dumps({"version": 2, "width": 80, "height": 24}).encode() + b"\n"
        times = sorted(random.uniform(0, 100) for _ in range(random.randint(0, 8)))
        return header + b"".join(
            json.dumps([round(t, 6), "o", f"line {t}\r\n"]).encode() + b"\n" for t in times
        )
    started = session_log.encode(
        0.0, "started", format=1, session=session, run=int(name[4]), wall=1.7e9, boot="b",
        version="0", host="h", recorder={}, shell={}, protected=True, grant={},
    )  # fmt: skip
    lines = [session_log.encode(float(t), "active") for t in range(random.randint(0, 5))]
    return b"".join([started, *lines, session_log.encode(9.0, "ended", by="customer", why="done")])
