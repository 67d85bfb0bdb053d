"""The status overlay: the session's facts on one page, in plain words. Pure."""

from __future__ import annotations

from typing import Any, Dict, List

from broker.host.cells import pieces
from broker.host.columns import cells, plain
from broker.host.view.keyboard import HELP
from broker.host.view.panel import BOLD, Line, Sheet
from broker.recording.timeline import duration

_NAME_COLUMNS = 11
_MODES = {
    "watch": "they see this terminal and cannot type",
    "approve": "they propose lines; what you let run, runs",
    "control": "they see this terminal and type into it, as you could",
}
_STANDINGS = {
    "taken-back": "NO: you have taken it back ({prefix} Space gives it back)",
    "expired": "NO: the grant has expired",
    "revoked": "NO: the grant is revoked, for good",
}
_NOW = {
    "watch": "no: they can only watch",
    "approve": "no: only what you let run",
    "control": "YES",
}
_LINKS = {
    "up": "up",
    "lost": "lost: nobody sees this or types; the recording goes on",
    "offline": "there is no broker: nobody sees this or types; it is recorded here",
    "disconnected": "cut by you: nobody sees this or types; the recording goes on",
}
_AWAY = {
    "pause": "nothing of theirs comes through until you are back; they still see it",
    "continue": "they may go on until the grant ends",
    "end": "the session ends",
}


def overlay(facts: Dict[str, Any], shown: str, prefix: str) -> Sheet:
    """The page. ``shown``: the terminal that the customer sees, ``prefix``: the key's name."""
    here = ", ".join(plain(one) for one in facts["watching"]) or "nobody"
    typing = plain(facts["typing"])
    lines = [
        *_row("case", _case(facts)),
        *_row("here", f"{here}; {typing} types now" if typing else here),
        *_row("mode", f"{facts['mode']}: {_MODES[facts['mode']]}"),
        *_row("type now?", _may_type(facts, prefix), style=BOLD),
        *_row("time left", duration(facts["seconds_left"])),
        *_row("link", _LINKS[facts["link"]]),
        *_row("recorded", _recorded(facts)),
        *_row("leaving", f"when you leave the terminal, {_AWAY[facts['away']]}"),
        *_row("terminals", _terminals(facts, shown)),
        *_row("holds", *(_hold(one) for one in facts["holds"])),
        *_row("unasked", *(_allowed(one) for one in facts["allowed"])),
        *_row("waiting", *_waiting(facts, prefix)),
    ]
    if facts["page"]:
        # Nothing else in its rows: it is there to be copied.
        lines += [Line("page:"), *(Line(one, exact=True) for one in pieces(facts["page"], 400))]
    keys = " · ".join(f"{key}: {what}" for key, what in HELP)
    return Sheet(
        f"jumpseat · session {plain(facts['session'])}",
        lines,
        f"{prefix}, then {keys}. Any other key closes.",
    )


def _row(name: str, *texts: str, style: str = "") -> List[Line]:
    """What there is, under its name; nothing where there is nothing."""
    indent = " " * _NAME_COLUMNS
    names = [name.ljust(_NAME_COLUMNS), *([indent] * len(texts))]
    return [Line(text, style, first, indent) for first, text in zip(names, texts)]


def _case(facts: Dict[str, Any]) -> str:
    if facts["link"] == "offline":
        return plain(facts["case"])
    return f"{plain(facts['case'])}; {plain(facts['engineer'])}, at {facts['broker']}"


def _may_type(facts: Dict[str, Any], prefix: str) -> str:
    if facts["ended"]:
        return "NO: the session has ended"
    if facts["standing"] != "live":
        return _STANDINGS[facts["standing"]].format(prefix=prefix)
    if facts["mode"] == "control" and facts["link"] != "up":
        return "not while there is no link"
    return _NOW[facts["mode"]]


def _recorded(facts: Dict[str, Any]) -> str:
    keeper, shell = plain(facts["recorder"]), plain(facts["shell"])
    if facts["protected"]:
        kept = f"by {keeper}, so that {shell}, whose shell it is, can't change it"
    else:
        kept = f"as {keeper}, whose shell it is and who could change it: weaker evidence"
    where = "here" if facts["link"] == "offline" else "at the broker, and here"
    return f"{where} {kept} ({plain(facts['folder'])})"


def _terminals(facts: Dict[str, Any], shown: str) -> str:
    told = [
        f"{one['number']} (this one)" if one["name"] == shown else str(one["number"])
        for one in facts["terminals"]
    ]
    return ", ".join(told)


def _hold(hold: Dict[str, Any]) -> str:
    patterns = ", ".join(plain(one) for one in hold["patterns"])
    return f"{plain(hold['text'], 300)} (stops {patterns})"


def _allowed(allowed: Dict[str, Any]) -> str:
    person, kind, times = plain(allowed["person"]), plain(allowed["kind"]), allowed["times"]
    if kind:
        return f"{person}: all that begins with `{kind}`"
    return f"{person}: the next {times}" if times > 1 else f"{person}: the next one"


def _waiting(facts: Dict[str, Any], prefix: str) -> List[str]:
    told = []
    proposals, requests = len(facts["proposals"]), len(facts["requests"])
    if proposals or requests:
        counted = [
            f"{number} {what}{'' if number == 1 else 's'}"
            for number, what in ((proposals, "proposal"), (requests, "request"))
            if number
        ]
        told.append(f"for your answer: {' and '.join(counted)} ({prefix} a answers)")
    for one in facts["waiting"]:
        text = one["text"].split("\n")[0]
        told.append(f"for an empty prompt: {plain(text, 60)}{'' if cells(text) < 60 else ' ...'}")
    return told
