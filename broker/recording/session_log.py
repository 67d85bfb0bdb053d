"""The session log: NDJSON, one object a line, everything that is not terminal output.

Each line is ``{"t": seconds, "event": name, ...}`` on the clock of the recordings (seconds since
the session began, suspended time counted). The recorder is its only writer. What people are told
(presence, timeline, the status command, the console) is derived from these lines, so that a live
page, a replay and a report tell the same. ``docs/protocol.md`` lists the events.
"""

from __future__ import annotations

import json
from typing import Any, Dict, FrozenSet, Mapping

Entry = Dict[str, Any]

FORMAT = 1

EVENTS: Mapping[str, FrozenSet[str]] = {
    name: frozenset(required.split())
    for name, required in {
        # The run: first line of each log.
        "started": "format session run wall boot version host recorder shell protected grant",
        "consented": "text text_sha256 answer",
        "gap": "since until cause",
        "slowed": "since until",
        "contradicted": "stream offset",
        "ended": "by why",
        # Terminals.
        "opened": "terminal cols rows",
        "closed": "terminal status",
        # The customer.
        "attached": "terminal",
        "detached": "terminal why",
        "idle": "since",
        "active": "",
        # The engineers.
        "joined": "viewer person",
        "left": "viewer person",
        "typed": "viewer person terminal",
        "refused": "viewer person why",
        "attention": "viewer person state",
        # The link.
        "link_up": "wall broker_wall cause since",
        "link_lost": "why since",
        "disconnected": "",
        "reconnected": "",
        "stood_still": "since until cause",
        # The grant. What widens it also carries the text shown, its text_sha256, and the answer.
        "mode_changed": "mode before by",
        "extended": "until by text text_sha256 answer",
        "taken_back": "by",
        "given_back": "by",
        "expires_soon": "seconds",
        "expired": "",
        "revoked": "by",
        "input_paused": "why",
        "input_resumed": "",
        # Lines that an engineer proposes, and what else they ask for.
        "proposed": "proposal viewer person terminal text why expect",
        "approved": "proposal by how text edited",
        "proposal_refused": "proposal by word",
        "withdrawn": "proposal why",
        "ran": "proposal terminal text person by",
        "allowed": "person by times kind",
        "requested": "viewer person what",
        "request_answered": "what person by answer",
        # Who typed what; "line", where the screen told it.
        "entered": "terminal shares",
        "command_started": "command terminal line shell depth cwd shares offset",
        "command_ended": "command terminal status offset",
        # What was kept out of recordings.
        "masked": "terminal what count",
        # Programs begun at other terminals of the host.
        "execs": "ran lost",
        # The host's state, and how it has changed.
        "fingerprint": "n why since cpu digest facts limits",
        "drift": "n before since until changes more",
        # What the customer says of it.
        "noted": "by text",
        # Holds.
        "hold_up": "hold text patterns by side since",
        "hold_lifted": "hold by",
        "stopped": "hold terminal line persons",
        "overridden": "hold terminal line persons",
        # Something that was asked for, or that people would expect, and that can't be had here.
        "limit": "what why",
    }.items()
}


class BadLog(ValueError):
    """A line that is not an entry of a session log."""


def encode(t: float, event: str, **fields: object) -> bytes:
    """One line. Raises ValueError for an unknown event or a missing field: a defect of ours."""
    missing = EVENTS[event] - fields.keys()
    if missing:
        raise ValueError(f"{event} without {', '.join(sorted(missing))}")
    entry: Entry = {"t": round(t, 6), "event": event}
    entry.update(fields)
    return (json.dumps(entry, ensure_ascii=False, separators=(", ", ": ")) + "\n").encode()


def decode(line: str) -> Entry:
    """Read one line. Raises BadLog. Events that this version does not know are let through."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        raise BadLog("not JSON") from None
    if not isinstance(entry, dict) or not isinstance(entry.get("event"), str):
        raise BadLog("not an entry")
    if type(entry.get("t")) not in (int, float):
        raise BadLog("no time")
    missing = EVENTS.get(entry["event"], frozenset()) - entry.keys()
    if missing:
        raise BadLog(f"{entry['event']} without {', '.join(sorted(missing))}")
    return entry
