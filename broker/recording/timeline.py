"""What happened in a session, told from its log: moments to jump to and stretches to mark.

Pure. The recorder uses ``label`` for the markers that it writes into recordings, the broker the
rest for the replay page, so that both tell the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Tuple

from broker.recording.causes import SAYS
from broker.recording.session_log import Entry


@dataclass(frozen=True)
class Moment:
    """Something worth jumping to, ``t`` seconds into the session."""

    t: float
    kind: str
    label: str


@dataclass(frozen=True)
class Stretch:
    """A time in which something held; ``until`` is None while it still does."""

    kind: str
    since: float
    until: Optional[float]
    label: str


@dataclass(frozen=True)
class Timeline:
    """A session's moments and stretches, each in order of time, and the time of its last entry."""

    moments: Tuple[Moment, ...]
    stretches: Tuple[Stretch, ...]
    last: float


_LABELS: Mapping[str, Callable[[Entry], Optional[str]]] = {
    "opened": lambda entry: _login(entry["login"]) if entry.get("login") else None,
    "attached": lambda entry: "customer at the terminal",
    "detached": lambda entry: f"customer away: {entry['why']}",
    "idle": lambda entry: "customer idle",
    "active": lambda entry: "customer back at the keyboard",
    "joined": lambda entry: f"{entry['person']} joined",
    "left": lambda entry: f"{entry['person']} left",
    "typed": lambda entry: f"{entry['person']} begins to type",
    "link_lost": lambda entry: "link lost",
    "link_up": lambda entry: (
        f"link back after {duration(entry['t'] - entry['since'])}: "
        f"{SAYS.get(entry['cause'], entry['cause'])}"
        if entry["cause"]
        else "connected"
    ),
    "disconnected": lambda entry: "disconnected by the customer",
    "reconnected": lambda entry: "the customer reconnects",
    "stood_still": lambda entry: f"{_still(entry)} for {duration(entry['until'] - entry['since'])}",
    "gap": lambda entry: f"gap: {_spoken(entry['cause'])}",
    "slowed": lambda entry: "a flood, read slowly: nothing is missing",
    "contradicted": lambda entry: "the broker signed for something else than what is here",
    "drift": lambda entry: f"{_changes(entry)} found on the host",
    "noted": lambda entry: f"{entry['by']} notes: {_brief(entry['text'])}",
    "mode_changed": lambda entry: f"{entry['by']} sets mode {entry['mode']}",
    "extended": lambda entry: f"{entry['by']} extends the grant",
    "taken_back": lambda entry: f"{entry['by']} takes back",
    "given_back": lambda entry: f"{entry['by']} gives back",
    "expired": lambda entry: "the grant expired",
    "revoked": lambda entry: f"{entry['by']} revokes the grant",
    "proposed": lambda entry: f"{entry['person']} proposes: {_brief(entry['text'])}",
    "ran": lambda entry: f"ran, allowed by {entry['by']}: {_brief(entry['text'])}",
    "hold_up": lambda entry: f"hold: {_brief(entry['text'])}",
    "stopped": lambda entry: f"stopped at a hold: {_brief(entry['line'])}",
    "overridden": lambda entry: f"hold overridden: {_brief(entry['line'])}",
    "ended": lambda entry: f"ended: {entry['why']}",
}

# What opens a stretch, its kind and label, and what closes it.
_OPENS: Mapping[str, Tuple[str, str]] = {
    "link_lost": ("link-lost", "link lost; recorded on the host"),
    "disconnected": ("disconnected", "disconnected by the customer; recorded on the host"),
    "detached": ("away", "customer away"),
    "idle": ("idle", "customer idle"),
    "taken_back": ("taken-back", "taken back by the customer"),
}
_CLOSES: Mapping[str, Tuple[str, ...]] = {
    "link_up": ("link-lost", "disconnected"),
    "disconnected": ("link-lost",),
    "attached": ("away", "idle"),
    "active": ("idle",),
    "detached": ("idle",),
    "given_back": ("taken-back",),
    "expired": ("taken-back",),
    "revoked": ("taken-back",),
    "started": ("link-lost", "disconnected", "away", "idle"),
    "ended": ("link-lost", "disconnected", "away", "idle", "taken-back"),
}

_BRIEF_CHARACTERS = 60


def _still(entry: Entry) -> str:
    return SAYS.get(entry["cause"], "the recorder stood still")


def _login(login: Mapping[str, str]) -> str:
    place = f" from {login['from']}" if login["from"] else ""
    return f"{login['user']} logs in on {login['tty']}{place}"


def _spoken(cause: str) -> str:
    return cause.replace("-", " ")


def _changes(entry: Entry) -> str:
    count = len(entry["changes"]) + entry["more"]
    return "1 change" if count == 1 else f"{count} changes"


def _brief(text: str) -> str:
    """The first line of a text, cut where it is long."""
    first, _, more = text.partition("\n")
    cut = first[:_BRIEF_CHARACTERS]
    return cut + " …" if more or cut != first else cut


def label(entry: Entry) -> Optional[str]:
    """What to call this entry where people jump to it, or None where they would not."""
    make = _LABELS.get(entry["event"])
    return make(entry) if make else None


def duration(seconds: float) -> str:
    """A length of time as people say it: ``40 s``, ``12 min``, ``1 h 10 min``."""
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    minutes = whole // 60
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def tell(entries: Iterable[Entry]) -> Timeline:
    """Read a session's log, all runs in order, into its timeline."""
    moments: List[Moment] = []
    stretches: List[Stretch] = []
    opened: Dict[str, Tuple[float, str]] = {}
    last = 0.0

    def close(kind: str, until: Optional[float]) -> None:
        if kind in opened:
            since, text = opened.pop(kind)
            stretches.append(Stretch(kind, since, until, text))

    for entry in entries:
        event, t = entry["event"], float(entry["t"])
        last = max(last, t)
        text = label(entry)
        if text is not None:
            moments.append(Moment(t, event.replace("_", "-"), text))
        for kind in _CLOSES.get(event, ()):
            close(kind, t)
        if event in _OPENS:
            kind, text = _OPENS[event]
            opened[kind] = (float(entry.get("since", t)), text)
        if event == "gap":
            gap = f"gap: {_spoken(entry['cause'])}"
            stretches.append(Stretch("gap", entry["since"], entry["until"], gap))
        if event == "stood_still":
            kind = str(entry["cause"])
            stretches.append(Stretch(kind, entry["since"], entry["until"], _still(entry)))
    for kind in list(opened):
        close(kind, None)
    stretches.sort(key=lambda stretch: (stretch.since, stretch.kind))
    return Timeline(tuple(moments), tuple(stretches), last)


def as_json(timeline: Timeline) -> Dict[str, Any]:
    """The timeline as the API gives it."""
    return {
        "last": timeline.last,
        "moments": [vars(moment) for moment in timeline.moments],
        "stretches": [vars(stretch) for stretch in timeline.stretches],
    }
