"""Recordings to send: as a recorder writes them."""

from collections.abc import Iterable

from broker.recording import session_log
from broker.recording.asciicast import Encoder

CAST = "run-1.terminal-1.cast"
LOG = "run-1.log"


def cast(outputs: Iterable[bytes], cols: int = 80, rows: int = 24) -> bytes:
    """A recording with one event for each output."""
    encoder = Encoder()
    lines = [encoder.header(cols, rows, 1_700_000_000.0, {"TERM": "xterm-256color"}, "test")]
    lines += [encoder.output(number / 100, output) for number, output in enumerate(outputs, 1)]
    return b"".join(lines)


GRANT: dict[str, object] = {
    "mode": "approve",
    "until": 7200.0,
    "away": "pause",
    "page": "watch",
    "terminals": 1,
    "case": "c",
    "engineer": "alice",
}


def started(run: int = 1, t: float = 0.0, **grant: object) -> bytes:
    """The first line of a run's log."""
    account = {"uid": 1000, "user": "carol", "program": "/bin/sh"}
    fields: dict[str, object] = {
        "format": 1,
        "session": "s",
        "run": run,
        "wall": 1_700_000_000.0 + t,
        "boot": "b",
        "version": "test",
        "host": "nas",
        "recorder": {"uid": 0, "user": "root"},
        "shell": account,
        "protected": True,
        "grant": {**GRANT, **grant},
    }
    return session_log.encode(t, "started", **fields)


def entry(t: float, event: str, **fields: object) -> bytes:
    """One more line."""
    return session_log.encode(t, event, **fields)
