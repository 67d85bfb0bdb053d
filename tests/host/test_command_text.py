from __future__ import annotations

import time
from typing import Any

import pytest

from broker.host.columns import cells
from broker.host.command_text import chosen, table

BEGAN = 1_700_000_000.0


def command(name: str, since: float, line: str, **fields: object) -> dict[str, Any]:
    return {
        "id": name, "since": since, "until": since + 0.25, "line": line, "how": "told",
        "status": 0, "over": "ended", "shares": {"customer": 9}, "away": False, "within": None,
        "interactive": False, **fields,
    }  # fmt: skip


INFERRED = {"how": "inferred", "over": "inferred", "until": None, "status": None}
EXEC = {
    "t": 15.0, "pid": 7, "parent": 1, "user": "carol", "terminal": "pts/3",
    "argv": ["ip", "link"], "cwd": "/",
}  # fmt: skip
TOLD: dict[str, Any] = {
    "began": BEGAN, "more": 0, "lost": 0, "ended": False, "execs": [EXEC],
    "commands": [
        command("1-1", 1.0, "ls -l"),
        command("1-2", 2.0, "cat > x <<E\nE", status=1, until=92.0, shares={"bob": 1, "alice": 2}),
        command("1-3", 3.0, "sudo -i", over="running", status=None, until=None),
        command("1-4", 4.0, "psql", within="1-3", interactive=True, status=130),
        command("e1", 5.0, "\\d", within="1-4", away=True, **INFERRED),
        command("e2", 6.0, "", **INFERRED),
    ],
}  # fmt: skip


def at(t: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(BEGAN + t))


def test_a_row_for_each_command() -> None:
    assert table(TOLD) == [
        "TIME      WHO         ENDED         TOOK   LINE",
        f"{at(1)}  customer    exit 0        0.2 s  ls -l",
        f"{at(2)}  alice, bob  exit 1        90 s   cat > x <<E …",
        f"{at(3)}  customer    running       -      sudo -i",
        f"{at(4)}  customer    SIGINT (130)  0.2 s    psql  (not seen inside)",
        f"{at(5)}  customer    -             -          \\d",
        f"{at(6)}  customer    -             -      (not at a prompt: see the recording)",
        "",
        "Programs at other terminals of the host, as the kernel told:",
        "TIME      USER   TERMINAL  PROGRAM",
        f"{at(15)}  carol  pts/3     ip link",
    ]


def test_nothing_and_what_is_left_out() -> None:
    nothing = {**TOLD, "commands": [], "execs": []}
    assert table(nothing) == ["no commands"]
    assert table({**nothing, "more": 3, "lost": 2}) == [
        "earlier commands that are not shown: 3",
        "no commands",
        "",
        "Programs at other terminals of the host, as the kernel told:",
        "others that are not shown: 2",
    ]


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ({"failed": True}, ["1-2", "1-4"]),
        ({"person": "alice"}, ["1-2"]),
        ({"away": True}, ["e1"]),
        ({"failed": True, "person": "customer"}, ["1-4"]),
        ({}, ["1-1", "1-2", "1-3", "1-4", "e1", "e2"]),
    ],
)
def test_some_can_be_asked_for(wanted: dict[str, Any], ids: list[str]) -> None:
    found = chosen(TOLD, **{"failed": False, "person": None, "away": False, **wanted})
    assert [one["id"] for one in found["commands"]] == ids
    assert bool(found["execs"]) == (not wanted), "they are nobody's, and fail for all we know"


@pytest.mark.parametrize("filler", ["\x1b[2J", "漢", "e ", "\u202e\n", "\t"])
def test_nothing_from_elsewhere_paints_or_makes_a_row_that_wraps(filler: str) -> None:
    long = filler * 100
    wild = command("1-1", 1.0, long, shares={long: 1, "alice": 1}, interactive=True)
    ran = {**EXEC, "user": long, "terminal": long, "argv": [long]}
    rows = table({**TOLD, "commands": [wild], "execs": [ran, {**ran, "argv": None}]})
    assert all(char.isprintable() for row in rows for char in row)
    assert max(map(cells, rows)) <= 100
