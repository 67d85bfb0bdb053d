"""The commands of a session as a table of plain text, for the customer and at the broker. Pure.

Commands are as docs/protocol.md has them. Lines and names are whatever somebody typed: all of them
are made plain. Times are told as this machine's clock has them.
"""

from __future__ import annotations

import time
from typing import Any, Dict, List, Mapping, Optional, Sequence

from broker.host.cells import fitted, pieces
from broker.host.columns import cells, plain
from broker.recording.outcome import has_failed, outcome
from broker.recording.timeline import duration

COLUMNS = 100
_HEAD = ("TIME", "WHO", "ENDED", "TOOK", "LINE")
_NAMES_COLUMNS = 20
_MOST_NESTING = 4
_CHARACTERS = 1000
_MOST_EXECS = 20
"""The newest; there are many, and JSON has all that the log has."""
_ELSEWHERE = "(not at a prompt: see the recording)"
_UNSEEN = "(not seen inside)"


def chosen(
    told: Mapping[str, Any], *, failed: bool, person: Optional[str], away: bool
) -> Dict[str, Any]:
    """Only the commands that failed, that a person typed, or that ran while away.

    Where some are left out by that, so are the programs elsewhere.
    """
    if not (failed or person is not None or away):
        return dict(told)
    commands = [
        one
        for one in told["commands"]
        if (not failed or has_failed(one["status"], one["over"]))
        and (person is None or person in one["shares"])
        and (not away or one["away"])
    ]
    return {**told, "commands": commands, "execs": [], "lost": 0}


def table(told: Mapping[str, Any]) -> List[str]:
    """Rows of at most 100 columns, oldest first: one a command, and the programs elsewhere."""
    commands, execs = told["commands"], told["execs"]
    began = told["began"] or 0.0
    times = [one["since"] for one in commands] + [one["t"] for one in execs]
    days = {time.strftime("%j", time.localtime(began + t)) for t in times}
    form = "%H:%M:%S" if len(days) == 1 else "%m-%d %H:%M:%S"

    def at(t: float) -> str:
        return time.strftime(form, time.localtime(began + t))

    nesting: Dict[str, int] = {}
    rows = []
    for one in commands:
        nesting[one["id"]] = nesting.get(one["within"], -1) + 1
        indent = "  " * min(nesting[one["id"]], _MOST_NESTING)
        ended = outcome(one["status"], one["over"]) or "-"
        rows.append((at(one["since"]), _who(one), ended, _took(one), indent + _line(one)))
    lines = []
    if told["more"]:
        lines.append(f"earlier commands that are not shown: {told['more']}")
    lines += _columns(_HEAD, rows) if rows else ["no commands"]
    if execs or told["lost"]:
        head = ("TIME", "USER", "TERMINAL", "PROGRAM")
        ran = [
            (at(one["t"]), _short(one["user"]), _short(one["terminal"]) or "-", _argv(one))
            for one in execs[-_MOST_EXECS:]
        ]
        more = told["lost"] + len(execs) - len(ran)
        lines += ["", "Programs at other terminals of the host, as the kernel told:"]
        lines += _columns(head, ran) if ran else []
        lines += [f"others that are not shown: {more}"] if more else []
    return lines


def _columns(head: Sequence[str], rows: Sequence[Sequence[str]]) -> List[str]:
    """The last column takes what room is left."""
    widths = [max(map(cells, column)) for column in list(zip(head, *rows))[:-1]]
    room = COLUMNS - sum(widths) - 2 * len(widths)
    lines = []
    for *row, last in (head, *rows):
        padded = [cell + " " * (width - cells(cell)) for cell, width in zip(row, widths)]
        lines.append("  ".join([*padded, _cut(last, room)]).rstrip())
    return lines


def _line(command: Mapping[str, Any]) -> str:
    first, _, more = command["line"].partition("\n")
    line = plain(first.expandtabs(), _CHARACTERS) if first else _ELSEWHERE
    return line + (" …" if more else "") + (f"  {_UNSEEN}" if command["interactive"] else "")


def _argv(ran: Mapping[str, Any]) -> str:
    argv = ran["argv"]
    return "(it had ended already)" if argv is None else plain(" ".join(argv), _CHARACTERS)


def _who(command: Mapping[str, Any]) -> str:
    return _short(", ".join(sorted(command["shares"]))) or "-"


def _short(name: str) -> str:
    return fitted(plain(name), _NAMES_COLUMNS)


def _took(command: Mapping[str, Any]) -> str:
    if command["until"] is None:
        return "-"
    seconds = max(0.0, command["until"] - command["since"])
    return f"{seconds:.1f} s" if seconds < 10 else duration(seconds)


def _cut(text: str, room: int) -> str:
    return text if cells(text) <= room else pieces(text, room - 1)[0] + "…"
