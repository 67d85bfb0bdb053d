"""What the broker knows of a session from its log, live or read again after a restart. Pure.

The log comes from a machine that is not ours: an entry that makes no sense is passed over, and
costs neither the session nor its other entries.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from broker.recording.grant import Away, Grant, Mode, Page
from broker.recording.log_reader import LogReader, is_sane
from broker.recording.presence import (
    IllegalStep,
    Presence,
    Seen,
    Shown,
    State,
    on_entry,
    on_link,
)
from broker.recording.session_log import Entry


@dataclass(frozen=True, slots=True)
class Facts:
    """What the log says of the session as a whole; None: not yet known."""

    presence: Presence
    run: int = 0
    recorder: dict[str, Any] | None = None
    shell: dict[str, Any] | None = None
    protected: bool | None = None
    ended: float | None = None
    """Unix time at which the session ended."""
    disconnected: float | None = None
    """Unix time since which the customer's own ``disconnect`` is in force."""
    grant: Grant | None = None
    """The grant as it stands; a copy, which decides nothing."""
    began: float | None = None
    """Unix time of t=0 by a broker's clock, since a host's may be wrong by hours."""

    @property
    def until(self) -> float | None:
        """Unix time at which the grant ends."""
        if self.grant is None:
            return None
        return self.zero + self.grant.until

    @property
    def zero(self) -> float:
        """Unix time of t=0, by a broker's clock as soon as that is known."""
        return self.presence.began if self.began is None else self.began


def learn(facts: Facts, run: int, entry: Entry) -> Facts:
    """Take in an entry of this run's log.

    Runs follow one another, but what is missing of an earlier one may arrive after a later one
    has begun; it belongs to the replay and no longer changes what is known now.
    """
    event = entry["event"]
    if run < facts.run:
        # But for what is for good, and must not look otherwise.
        return _with_grant(facts, entry) if event == "revoked" else facts
    facts = _with_grant(facts, entry)
    try:
        presence = on_entry(facts.presence, entry)
        at = presence.began + float(entry["t"])
        if event == "started":
            return replace(
                facts,
                presence=presence,
                run=run,
                recorder=_account(entry["recorder"]),
                shell=_account(entry["shell"]),
                protected=bool(entry["protected"]),
            )
        if event == "link_up":
            facts = replace(facts, began=_time(entry["broker_wall"]) - float(entry["t"]))
    except (IllegalStep, KeyError, TypeError, ValueError, OverflowError):
        return facts
    facts = replace(facts, presence=presence)
    if event == "ended":
        return replace(facts, ended=at)
    if event == "disconnected":
        return replace(facts, disconnected=at)
    if event in ("reconnected", "link_up"):
        return replace(facts, disconnected=None)
    return facts


_DOWN = {State.LINK_LOST.value: Seen.LOST, State.RECORDER_LOST.value: Seen.RECORDER_GONE}


def reopened(facts: Facts, noted: Shown, now: float) -> Facts:
    """What is known after the broker itself was away until ``now``: that the link is down.

    ``noted``: what an earlier broker told of the session. A link that was down then is so since
    then, however often the broker was away: perhaps its host never comes back.
    """
    down = _DOWN.get(noted.state)
    lost = now if down is None else min(noted.since, now)
    if facts.run == 0:
        return facts
    presence = on_link(facts.presence, Seen.CONNECTED, lost)  # it was, or there would be no log
    if facts.disconnected is not None:
        presence = on_link(presence, Seen.CUT, facts.disconnected)
    else:
        presence = on_link(presence, down if down and facts.ended is None else Seen.LOST, lost)
    return replace(facts, presence=presence)


def read_again(facts: Facts, logs: Iterable[tuple[int, Iterable[bytes]]]) -> Facts:
    """Learn from whole logs: each one's run and its bytes in pieces, run after run."""
    for run, pieces in logs:
        reader = LogReader()
        for piece in pieces:
            for entry in reader.feed(piece):
                facts = learn(facts, run, entry)
    return facts


def _with_grant(facts: Facts, entry: Entry) -> Facts:
    try:
        if entry["event"] == "started":
            grant: Grant | None = _granted(entry["grant"])
            # Each run begins with the grant as it is; where it stands in its life goes on.
            if grant is not None and facts.grant is not None:
                grant = replace(grant, standing=facts.grant.standing)
        else:
            grant = facts.grant and facts.grant.after(entry)
    except (KeyError, TypeError, ValueError, OverflowError):
        return facts
    return replace(facts, grant=grant)


def _granted(told: dict[str, Any]) -> Grant:
    """Raises KeyError, TypeError and ValueError."""
    until, terminals = _time(told["until"]), int(told["terminals"])
    return Grant(Mode(told["mode"]), Away(told["away"]), until, Page(told["page"]), terminals)


def _time(value: object) -> float:
    """Raises ValueError."""
    if not isinstance(value, int | float) or not is_sane(value):
        raise ValueError("not a time")
    return float(value)


def _account(value: object) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        return None
    return {
        str(key): one for key, one in value.items() if one is None or isinstance(one, str | int)
    }
