"""What commands tell of a session's facts, for people. Pure.

Names and texts of engineers come from the broker: all of them are made plain.
"""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, List, Mapping

from broker.host.cells import exactly
from broker.host.choices import size
from broker.host.columns import plain, wrapped
from broker.recording.timeline import duration

Facts = Mapping[str, Any]

_STANDINGS = {
    "live": "live",
    "taken-back": "taken back: nothing of the engineers' comes through (give-back ends that)",
    "expired": "expired: engineers only see (extend grants more)",
    "revoked": "revoked for good",
}
_REQUESTS = {"terminal": "another terminal", "time": "more time"}


def entry(facts: Facts, prefix: str, program: str) -> str:
    """What is said when the seat is taken; last, how to come back and how to end."""
    lines = [
        f"Keys: {prefix} and space takes back, and gives back; {prefix} and ? shows the status."
    ]
    if facts["page"]:
        lines += ["Your page in a browser, for you alone (who has the link has the page):"]
        lines += ["  " + facts["page"]]
    lines += [
        f"Session {facts['session']}. Closing this terminal does not end it:",
        f"  `{program} reattach` comes back, `exit` ends it.",
    ]
    return "\n".join([*lines, ""])


def read_out(facts: Facts, program: str) -> str:
    """All facts."""
    keeper = facts["recorder"] if facts["protected"] else f"{facts['recorder']} (weaker evidence)"
    offline = facts["link"] == "offline"
    state = "ended" if facts["ended"] else f"{duration(facts['seconds_left'])} left"
    rows = {
        "session": f"{facts['session']}, {state}",
        "case": plain(facts["case"]),
        "engineer": "none" if offline else f"{plain(facts['engineer'])}, at {facts['broker']}",
        "mode": f"{facts['mode']}; when you are away: {facts['away']}",
        "grant": _STANDINGS[facts["standing"]],
        "link": "offline: there is no broker" if offline else facts["link"],
        "watching": (", ".join(map(plain, facts["watching"])) or "nobody") + _typing(facts),
        "terminals": _terminals(facts),
        "seat": "you are at the terminal" if facts["seated"] else f"empty ({program} reattach)",
        "page": facts["page"] or "none, or not shown in a shell that is recorded",
        "recorder": f"runs as {keeper}, the shell as {facts['shell']}",
        "records": facts["folder"],
        "receipts": "none: there is no broker" if offline else _receipts(facts["receipts"]),
        "undelivered": f"{facts['unheld']} bytes of at most {size(facts['spool'])}",
    }
    lines = [f"{name:<12}{value}" for name, value in rows.items()]
    lines += _section("these wait for your answer", _to_answer(facts, program))
    lines += _section(
        "approved, and run at the next empty prompt",
        [line for one in facts["waiting"] for line in _waiting(one)],
    )
    lines += _section("these lines run unasked", _allowed(facts))
    if facts["holds"]:
        lines += ["", told_holds(facts, program)]
    return "\n".join(lines)


def told_holds(facts: Facts, program: str) -> str:
    """The holds that are up."""
    lines = []
    for one in facts["holds"]:
        stops = ", ".join(map(plain, one["patterns"]))
        lines += wrapped(plain(one["text"], len(one["text"])), f"  {one['hold']}  ", "      ")
        lines += wrapped(f"by {plain(one['by'])}; stops lines with: {stops}", "      ", "      ")
    if not lines:
        return f"no hold is up ({program} hold TEXT --stop PATTERN puts one up)"
    return "\n".join([f"holds ({program} lift ID):", *lines])


def outcome(command: str, facts: Facts, program: str) -> str:
    """What has come of a command: one line, or what it asked to see."""
    if command == "status":
        return read_out(facts, program)
    if command in ("holds", "hold", "lift"):
        return told_holds(facts, program)
    return _OUTCOMES[command](facts)


def _moded(facts: Facts) -> str:
    return f"the mode is {facts['mode']}"


def _approved(facts: Facts) -> str:
    return "approved; it runs at the next empty prompt" if facts["waiting"] else "approved"


_OUTCOMES: Dict[str, Callable[[Facts], str]] = {
    "take-back": lambda facts: "taken back: nothing of the engineers' comes through",
    "give-back": lambda facts: f"given back: {_moded(facts)}",
    "revoke": lambda facts: "revoked for good; the shell and the recording go on",
    "disconnect": lambda facts: "the link is cut; the shell and the recording go on",
    "reconnect": lambda facts: "the link may be made again",
    "end": lambda facts: f"session {facts['session']} ends",
    "mode": _moded,
    "extend": lambda facts: f"{duration(facts['seconds_left'])} left",
    "approve": _approved,
    "refuse": lambda facts: "refused",
    "note": lambda facts: "noted: the engineers see it",
}


def _typing(facts: Facts) -> str:
    who = facts["typing"]
    if not who:
        return ""
    return "; you type" if who == "customer" else f"; {plain(who)} types"


def _receipts(told: Facts) -> str:
    """What the broker has signed for."""
    if told["last"] is None:
        return "none yet"
    last = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(told["last"]))
    beyond = f"all but {told['beyond']} bytes" if told["beyond"] else "all of it"
    whole = "; the session is complete" if told["complete"] else ""
    return f"{beyond} is signed for{whole} ({told['statements']} statements, the last {last})"


def _terminals(facts: Facts) -> str:
    names = [
        f"{one['number']}{' (yours now)' if one['seated'] else ''}" for one in facts["terminals"]
    ]
    return ", ".join(names) or "none"


def _section(title: str, lines: List[str]) -> List[str]:
    return ["", f"{title}:", *lines] if lines else []


def _to_answer(facts: Facts, program: str) -> List[str]:
    lines: List[str] = []
    for one in facts["proposals"]:
        lines += [f"  {one['proposal']}  {plain(one['person'])} proposes:"]
        lines += _verbatim(one["text"])
        for name in ("why", "expect"):
            if one[name]:
                lines += wrapped(f"{name}: {plain(one[name], len(one[name]))}", "      ", "      ")
        for hold in one["holds"]:
            lines += wrapped(f"A HOLD IS UP: {plain(hold['text'])}", "      ", "      ")
        if not one["ready"]:
            lines += wrapped(f"would wait: {plain(one['unready'])}", "      ", "      ")
    for one in facts["requests"]:
        what = _REQUESTS.get(one["what"], f"mode {plain(one['what'])}")
        lines += [f"  {one['request']}  {plain(one['person'])} asks for {what}"]
    return [*lines, f"  ({program} approve ID, {program} refuse ID WORD)"] if lines else []


def _waiting(one: Facts) -> List[str]:
    return [f"  {one['proposal']}", *_verbatim(one["text"])]


def _verbatim(text: str) -> List[str]:
    """Lines as they would run, every blank of them."""
    return [row for line in text.split("\n") for row in exactly(line, "      ")]


def _allowed(facts: Facts) -> List[str]:
    lines: List[str] = []
    for one in facts["allowed"]:
        what = (
            f"that begin with: {plain(one['kind'])}" if one["kind"] else f"the next {one['times']}"
        )
        lines += wrapped(f"{plain(one['person'])}'s, {what}", "  ", "    ")
    return lines
