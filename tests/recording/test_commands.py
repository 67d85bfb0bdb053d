from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from broker.recording.commands import MOST_COMMANDS, MOST_EXECS, tell
from broker.recording.session_log import Entry

GOLDEN = Path(__file__).parent.parent / "golden" / "commands.json"
ONE, TWO = "run-1.terminal-1.cast", "run-1.terminal-2.cast"


def entry(event: str, t: float, **fields: object) -> Entry:
    return {"t": t, "event": event, **fields}


def begun(t: float, n: int, line: str, depth: int = 1, **fields: object) -> Entry:
    told = {
        "terminal": ONE, "shell": "bash 5.2", "cwd": "/root", "shares": {"customer": len(line)},
        "offset": 100 * n, **fields,
    }  # fmt: skip
    return entry("command_started", t, command=f"1-{n}", line=line, depth=depth, **told)


def over(t: float, n: int, status: int | None = 0, terminal: str = ONE) -> Entry:
    told = {"terminal": terminal, "status": status, "offset": 100 * n + 50}
    return entry("command_ended", t, command=f"1-{n}", **told)


def entered(t: float, line: str | None = None, terminal: str = ONE, **shares: int) -> Entry:
    told = {} if line is None else {"line": line}
    return entry("entered", t, terminal=terminal, shares=shares, **told)


def ran(t: float, text: str, proposal: str = "p1") -> Entry:
    who = {"person": "alice", "by": "customer"}
    return entry("ran", t, proposal=proposal, terminal=ONE, text=text, **who)


STARTED = entry("started", 0.0, wall=1000.0, run=1)
OPENED = entry("opened", 0.1, terminal=ONE, cols=80, rows=24)
HERE = [STARTED, OPENED]
EXEC = {
    "t": 4.5, "pid": 71, "parent": 70, "user": "carol", "terminal": "pts/3",
    "argv": ["ip", "link"], "cwd": "/",
}  # fmt: skip

CASES: dict[str, list[Entry]] = {
    "nothing": [],
    "one command": [*HERE, begun(1.0, 1, "ls -l", shares={"alice": 4, "bob": 1}), over(1.5, 1)],
    "one that goes on": [*HERE, begun(1.0, 1, "top")],
    "how they end": [
        *HERE,
        *(begun(1.0, 1, "false"), over(2.0, 1, 1)),
        *(begun(3.0, 2, "sleep 9"), over(4.0, 2, 130)),
        *(begun(5.0, 3, "vi"), over(6.0, 3, 148)),
        *(begun(7.0, 4, "exec bash"), over(8.0, 4, None)),
    ],
    "a here-document": [*HERE, begun(1.0, 1, "cat <<E\na\tb\n  c\nE"), over(1.1, 1)],
    "an end without a beginning, and one that is told twice": [
        *HERE, over(0.5, 9), begun(1.0, 1, "a"), begun(1.1, 1, "b"), over(1.2, 1), over(1.3, 1, 7),
    ],
    "commands of two terminals": [
        *HERE, begun(1.0, 1, "sleep 3"), begun(2.0, 2, "id", terminal=TWO), over(2.1, 2, 0, TWO),
        over(4.0, 1),
    ],
    "a terminal that goes first": [
        *HERE, begun(1.0, 1, "sleep 3"), begun(2.0, 2, "id", terminal=TWO),
        entry("closed", 3.0, terminal=ONE, status=129), over(4.0, 1), over(4.0, 2, 0, TWO),
    ],
    "a recorder that goes first": [
        *HERE, begun(1.0, 1, "reboot"), entry("started", 60.0, wall=1000.0, run=2),
        entry("gap", 60.0, since=2.0, until=60.0, cause="rebooted"), over(61.0, 1),
    ],
    "a full disk ends no command": [
        *HERE, begun(1.0, 1, "dd"), entry("gap", 5.0, since=2.0, until=5.0, cause="disk-full"),
        over(6.0, 1, 1), entry("ended", 9.0, by="customer", why="done"),
    ],
    "the session ends first": [
        *HERE, begun(1.0, 1, "top"), entry("ended", 9.0, by="customer", why="done"),
    ],
    "a deeper shell that tells": [
        *HERE, begun(1.0, 1, "sudo -i"), entered(2.0, None, customer=9), begun(3.0, 2, "id", 2),
        over(3.1, 2), begun(4.0, 3, "bash", 2), begun(5.0, 4, "false", 3), over(5.1, 4, 1),
        over(6.0, 3), over(7.0, 1),
    ],
    "a deeper shell that is killed": [
        *HERE, begun(1.0, 1, "bash"), begun(2.0, 2, "sleep 9", 2), over(3.0, 1, 137),
        begun(4.0, 3, "id"), over(4.1, 3), over(5.0, 2),
    ],
    "a shell that starts anew without a word of what ran": [
        *HERE, begun(1.0, 1, "exec zsh"), begun(2.0, 2, "id"), over(2.1, 2),
    ],
    "inferred where no shell tells": [
        *HERE, entered(1.0, "ls", customer=2), entered(2.0, None, alice=7),
        entered(3.0, "uname\n…\nid", alice=7, customer=2),
    ],
    "inferred within a program": [
        *HERE, begun(1.0, 1, "psql"), entered(2.0, "\\d", customer=2), over(3.0, 1),
        entered(4.0, "after", customer=5),
    ],
    "not seen inside the innermost": [
        *HERE, begun(1.0, 1, "bash"), begun(2.0, 2, "python3", 2), entered(3.0, "1+1", alice=3),
        over(4.0, 2), entered(5.0, None, customer=1), over(6.0, 1),
    ],
    "Enter held in a pager": [
        *HERE, begun(1.0, 1, "less x"), entered(2.0, None, alice=3), entered(3.0, None, alice=2),
        entered(4.0, None, customer=1), entered(5.0, ":q", customer=2),
        entered(6.0, None, customer=1), over(7.0, 1),
    ],
    "lines told late": [
        *HERE, entered(1.0, "", customer=3), entered(2.0, "…", alice=4), ran(3.0, "id"),
        entered(4.0, "", alice=2), entered(9.0, "ls\npwd\nid", alice=0, customer=0),
        entered(10.0, "date", customer=0),
    ],
    "a proposal that a shell tells": [
        *HERE, ran(1.0, "id"), begun(1.1, 1, "id"), over(1.2, 1), begun(2.0, 2, "id"), over(2.1, 2),
    ],
    "a proposal told in other words": [
        *HERE, ran(1.0, "id "), begun(1.1, 1, "id"), over(1.2, 1), begun(2.0, 2, "ls"),
    ],
    "a proposal of several lines": [
        *HERE, ran(1.0, "cd /\nfor i in 1\ndo id\ndone\npython3\n1+1"), begun(1.1, 1, "cd /"),
        over(1.2, 1), begun(1.3, 2, "for i in 1\ndo id\ndone"), over(1.4, 2),
        begun(1.5, 3, "python3"), entered(2.0, "1+", alice=0), over(3.0, 3), begun(4.0, 4, "ls"),
    ],
    "a proposal of which not all runs": [
        *HERE, ran(1.0, "cd /\nid"), begun(1.1, 1, "cd /"), over(1.2, 1), begun(2.0, 2, "ls"),
        over(2.1, 2), begun(3.0, 3, "id"),
    ],
    "a proposal where no shell tells": [
        *HERE, ran(1.0, "zpool status"), entered(2.0, "zpool sta", alice=12),
        entered(3.0, "ls", customer=2),
    ],
    "while the customer, or the link, was away": [
        *HERE, entry("attached", 0.5, terminal=ONE), begun(1.0, 1, "a"), over(1.1, 1),
        entry("detached", 2.0, terminal=ONE, why="closed"), begun(3.0, 2, "b"), over(3.1, 2),
        entry("attached", 4.0, terminal=ONE), begun(5.0, 3, "c"), over(5.1, 3), begun(6.0, 4, "d"),
        entry("link_lost", 9.0, since=5.5, why="silent"), entered(9.5, "e", customer=1),
        over(9.6, 4), entry("link_up", 10.0, cause="network lost", since=5.5, wall=1.0),
        begun(11.0, 5, "f"),
    ],
    "programs at other terminals": [
        *HERE,
        entry("execs", 5.0, ran=[EXEC], lost=2),
        entry("execs", 6.0, ran=[{**EXEC, "t": 5.5, "argv": None}], lost=1),
    ],
}  # fmt: skip


def as_golden(name: str) -> dict[str, Any]:
    return {"name": name, "entries": CASES[name], "told": tell(CASES[name])}


@pytest.mark.parametrize("name", CASES)
def test_golden_file_holds_what_is_told(name: str) -> None:
    # The console tells the same of the same entries (web/test). After a change that is meant:
    # python -m tests.recording.test_commands writes it anew.
    golden = {one["name"]: one for one in json.loads(GOLDEN.read_text())}
    assert list(golden) == list(CASES)
    assert golden[name] == as_golden(name)


def test_the_newest_are_told_and_the_others_counted() -> None:
    many = [entered(n, "ls", alice=2) for n in range(MOST_COMMANDS + 5)]
    execs = entry("execs", 9.0, ran=[EXEC] * (MOST_EXECS + 3), lost=1)
    told = tell([*HERE, *many, execs])
    assert (len(told["commands"]), told["more"]) == (MOST_COMMANDS, 5)
    assert told["commands"][-1]["id"] == f"e{MOST_COMMANDS + 5}"
    assert (len(told["execs"]), told["lost"]) == (MOST_EXECS, 4)


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps([as_golden(name) for name in CASES], indent=1) + "\n")
