"""Away reports in plain text, for the customer: the same that the engineers see. Pure.

Reports are as docs/protocol.md has them. Lines, names and values are whatever somebody typed or a
program said: all of them are made plain. Times are told as this host's clock has them.
"""

from __future__ import annotations

import time
from typing import Any, Callable, List, Mapping, Sequence

from broker.host.cells import exactly, fitted
from broker.host.columns import cells, plain, wrapped
from broker.recording.outcome import has_failed, outcome
from broker.recording.timeline import duration

Report = Mapping[str, Any]
At = Callable[[float], str]
"""How a moment of the session is written."""

_MOST_BRIEF = 3
"""Changes that a notice names; of the others it says how many."""
_MOST_CHARACTERS = 2000
_NAMES_COLUMNS = 30
_READING = "still being read"
_NOT_READ = "not known what changed on the host, whose state is not read"
_ELSEWHERE = "(not at a prompt: see the recording)"
_MOST_ROWS = 10
"""Lines of one command that are told; a pasted script is in the recording."""


def read_out(away: Report, program: str) -> str:
    """All reports of a session, ``{began, earlier, absences}``: the newest whole, others briefly.

    ``program``: what a person types for ``jumpseat`` here.
    """
    began, absences, earlier = away["began"] or 0.0, away["absences"], away["earlier"]
    lines = told(absences[-1], began) if absences else ["No absence so far in this session."]
    others = [_line_of(one, _clock(one, began)) for one in reversed(absences[:-1])]
    lines += _section("absences before that", _items(others))
    if earlier is not None:
        changes = _by_area(earlier, lambda change: []) or ["  nothing"]
        lines += _section("what had changed on this host since its session before", changes)
    tail = f"The engineers see this too. `{program} note TEXT` adds what you have to say of it."
    return "\n".join([*lines, "", *wrapped(tail)])


def told(report: Report, began: float) -> List[str]:
    """One report, whole, in lines of 78 columns; ``began``: Unix time of the session's zero."""
    at = _clock(report, began)
    day = time.strftime("%Y-%m-%d", time.localtime(began + report["since"]))
    lasted = _lasted(report) or "it goes on"
    head = f"Away report {report['n']}, {day}, {_span(report, at)} ({lasted}): "
    lines = wrapped(f"{head}{plain(report['says'])}", "", "  ")
    if len(report["parts"]) > 1:
        lines += _items([f"{_span(one, at)}: {plain(one['cause'])}" for one in report["parts"]])
    typists = [
        f"{_who(one['person'])}: {_count(one['lines'], 'line')}, "
        f"{_count(one['characters'], 'character')}"
        for one in report["typists"]
    ]
    lines += _section("who was at the keyboard", _items(typists) or ["  nobody"])
    lines += _section("lines that were entered", _entered(report, at))
    lines += _section("what changed on this host", _changed(report, at))
    gaps = [f"{_span(one, at)}: {_flat(one['cause']).replace('-', ' ')}" for one in report["gaps"]]
    lines += _section("not observed", _items(gaps))
    limits = [f"{plain(one['probe'])}: {plain(one['why'])}" for one in report["limits"]]
    lines += _section("what could not be read", _items(limits))
    notes = [f"{at(one['t'])} {plain(one['by'])}: {_flat(one['text'])}" for one in report["notes"]]
    return [*lines, *_section("notes", _items(notes))]


def brief(report: Report) -> List[str]:
    """The same in a few sentences, for the notice on return."""
    who = "The link was gone" if _only_link(report) else "You were away"
    lasted = _lasted(report)
    entered = len(report["lines"]) + report["more_lines"]
    if entered:
        happened = f"{_count(entered, 'line')} {'was' if entered == 1 else 'were'} entered"
        failed = sum(has_failed(one["status"], one["over"]) for one in report["lines"])
        happened += f", {failed} failed" if failed else ""
    else:
        happened = "No line was entered"
    changes = [_flat(one["text"]) for area in report["drift"] for one in area["changes"]]
    number = len(changes) + report["more"]
    if number:
        left = number - len(changes[:_MOST_BRIEF])
        named = [*changes[:_MOST_BRIEF], *([f"and {left} more"] if left else [])]
        changed = f"{_count(number, 'change')} on the host: {'; '.join(named)}"
    elif report["pending"]:
        changed = f"what changed on the host is {_READING}"
    else:
        changed = "nothing changed on the host" if report["read"] else f"it is {_NOT_READ}"
    return [
        f"{who}{' for ' + lasted if lasted else ''} ({plain(report['says'])}).",
        f"{happened}; {changed}.",
        "The engineers see the report of it.",
    ]


# --- parts ----------------------------------------------------------------------------------------


def _clock(report: Report, began: float) -> At:
    """How moments of a report are written: with the day where it is on more than one."""
    ends = (report["since"], report["since"] if report["until"] is None else report["until"])
    days = {time.strftime("%j", time.localtime(began + t)) for t in ends}
    form = "%H:%M:%S" if len(days) == 1 else "%m-%d %H:%M:%S"
    return lambda t: time.strftime(form, time.localtime(began + t))


def _span(one: Report, at: At) -> str:
    return (
        f"since {at(one['since'])}"
        if one["until"] is None
        else (f"{at(one['since'])} to {at(one['until'])}")
    )


def _lasted(report: Report) -> str:
    """How long; empty while it goes on."""
    return "" if report["until"] is None else duration(report["until"] - report["since"])


def _only_link(report: Report) -> bool:
    return all(part["kind"] in ("link-lost", "disconnected") for part in report["parts"])


def _line_of(report: Report, at: At) -> str:
    """A whole report in a line."""
    lasted = _lasted(report)
    facts = [
        _count(len(report["lines"]) + report["more_lines"], "line"),
        _count(sum(len(area["changes"]) for area in report["drift"]) + report["more"], "change"),
    ]
    span = _span(report, at) + (f" ({lasted})" if lasted else "")
    return f"{report['n']}: {span}: {plain(report['says'])}; {', '.join(facts)}"


def _entered(report: Report, at: At) -> List[str]:
    more = report["more_lines"]
    are = "is" if more == 1 else "are"
    lines = [f"  {_count(more, 'earlier line')} {are} not shown"] if more else []
    for one in report["lines"]:
        before = f"  {at(one['t'])} {fitted(_whose(one), _NAMES_COLUMNS)} {_how_over(one)}"
        if not one["line"]:
            lines.append(f"{before}{_ELSEWHERE}")
            continue
        rows = one["line"].split("\n")
        for row in rows[:_MOST_ROWS]:
            lines += exactly(row, before)
            before = " " * cells(before)
        if len(rows) > _MOST_ROWS:
            lines.append(f"{before}(and {_count(len(rows) - _MOST_ROWS, 'more line')})")
    return lines or ["  none"]


def _how_over(command: Report) -> str:
    """How it ended, where a shell told it, and a blank."""
    told = outcome(command["status"], command["over"])
    return f"{told} " if told else ""


def _changed(report: Report, at: At) -> List[str]:
    lines = _by_area(report, lambda change: _when(change, at))
    if report["pending"]:
        lines.append(f"  {_READING}")
    nothing = "nothing" if report["read"] else _NOT_READ
    return lines or [f"  {nothing}"]


def _by_area(report: Report, when: Callable[[Report], List[str]]) -> List[str]:
    lines: List[str] = []
    for area in report["drift"]:
        lines += wrapped(plain(area["title"]), "  ", "  ")
        for change in area["changes"]:
            lines += wrapped(_flat(change["text"]), "    - ", "      ")
            lines += [row for line in when(change) for row in wrapped(line, "      ", "      ")]
    if report["more"]:
        lines.append(f"  and {report['more']} more that are not shown")
    return lines


def _when(change: Report, at: At) -> List[str]:
    """When it happened, and what probably did it."""
    if change["at"] is not None:
        when = f"at {at(change['at'])}"
    else:
        when = f"between {at(change['since'])} and {at(change['until'])}"
    early = ", perhaps before this absence" if change["early"] else ""
    likely = [f"probably by: {_flat(one['line'])} ({_whose(one)})" for one in change["lines"]]
    return [when + early, *likely]


def _who(person: str) -> str:
    return "you" if person == "customer" else plain(person)


def _whose(line: Report) -> str:
    return ", ".join(map(_who, line["persons"]))


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _flat(text: str) -> str:
    return plain(" ".join(text.split()), _MOST_CHARACTERS)


def _items(texts: Sequence[str]) -> List[str]:
    return [row for text in texts for row in wrapped(text, "  - ", "    ")]


def _section(title: str, lines: List[str]) -> List[str]:
    return ["", f"{title}:", *lines] if lines else []
