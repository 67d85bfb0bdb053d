from __future__ import annotations

import time
from typing import Any

import pytest

from broker.host.away_text import brief, read_out, told
from broker.host.columns import cells

BEGAN = 1_700_000_000.0
TERMINAL = "run-1.terminal-1.cast"


def line(t: float, text: str, *persons: str, **told: object) -> dict[str, Any]:
    return {
        "t": t, "terminal": TERMINAL, "line": text, "persons": list(persons or ["customer"]),
        "status": None, "over": "inferred", "how": "inferred", "command": "e1", **told,
    }  # fmt: skip


def change(text: str, **more: object) -> dict[str, Any]:
    return {
        "text": text, "since": 90.0, "until": 840.0, "at": None, "early": False, "lines": [],
        **more,
    }  # fmt: skip


MTU = line(180.0, "ip link set  eth1 mtu 9000")
LINKS = {
    "area": "links",
    "title": "Links",
    "changes": [change("mtu of eth1 1500 → 9000", lines=[MTU])],
}
FILES = {
    "area": "files",
    "title": "Files",
    "changes": [change("/etc/hosts: abc → def", at=200.0, early=True)],
}


def report(**changes: object) -> dict[str, Any]:
    """One in which a little of everything happened."""
    return {
        "n": 1, "since": 100.0, "until": 820.0, "says": "the host slept",
        "parts": [{"kind": "asleep", "since": 100.0, "until": 820.0, "cause": "the host slept"}],
        "typists": [{"person": "customer", "lines": 2, "characters": 33}],
        "lines": [MTU, line(190.0, "", "alice", "customer")], "more_lines": 1,
        "drift": [LINKS, FILES], "more": 0, "read": [1, 3], "pending": False,
        "limits": [{"probe": "packages", "why": "dpkg-query is not here"}],
        "gaps": [{"since": 300.0, "until": 400.0, "cause": "disk-full"}],
        "notes": [{"t": 900.0, "by": "carol", "text": "jumbo frames\nare needed"}],
        "terminal": TERMINAL, **changes,
    }  # fmt: skip


def at(t: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(BEGAN + t))


def test_a_report_tells_all_of_it() -> None:
    lines = told(report(), BEGAN)
    text = "\n".join(lines)
    day = time.strftime("%Y-%m-%d", time.localtime(BEGAN))
    assert f"Away report 1, {day}, {at(100)} to {at(820)} (12 min): the host slept" in text
    for words in (
        "who was at the keyboard:\n  - you: 2 lines, 33 characters",
        f"  1 earlier line is not shown\n  {at(180)} you | ip link set  eth1 mtu 9000",
        f"  {at(190)} alice, you (not at a prompt: see the recording)",
        "  Links\n    - mtu of eth1 1500 → 9000\n",
        f"      between {at(90)} and {at(840)}\n      probably by: ip link set eth1 mtu 9000 (you)",
        f"  Files\n    - /etc/hosts: abc → def\n      at {at(200)}, perhaps before this absence",
        f"not observed:\n  - {at(300)} to {at(400)}: disk full",
        "what could not be read:\n  - packages: dpkg-query is not here",
        f"notes:\n  - {at(900)} carol: jumbo frames are needed",
    ):
        assert words in text, words


def test_lines_that_a_shell_told_have_their_exit_codes_and_rows() -> None:
    script = line(180.0, "cat > x <<E\n  " + "y" * 80 + "\nE", status=1, over="ended", how="told")
    long = line(181.0, "\n".join("abcdefghijklm"), "alice", over="running", how="told")
    rows = told(report(lines=[script, long, line(182.0, "top", status=143, over="ended")]), BEGAN)
    at_it = rows.index(f"  {at(180)} you exit 1 | cat > x <<E")
    blank = " " * 22
    assert rows[at_it + 1 : at_it + 4] == [
        f"{blank}|   {'y' * 52}",
        f"{blank}: {'y' * 28}",
        f"{blank}| E",
    ]
    assert f"  {at(181)} alice running | a" in rows
    assert f"{' ' * 25}(and 3 more lines)" in rows
    assert f"  {at(182)} you SIGTERM (143) | top" in rows
    assert (
        "3 lines were entered, 2 failed"
        in brief(report(lines=[script, long, script], more_lines=0))[1]
    )


def test_what_was_quiet_says_so_and_what_lasts_too() -> None:
    quiet = report(
        until=None, says="the customer left", lines=[], more_lines=0, typists=[], drift=[],
        limits=[], gaps=[], notes=[],
    )  # fmt: skip
    text = "\n".join(told(quiet, BEGAN))
    assert f"since {at(100)} (it goes on): the customer left" in text
    assert "who was at the keyboard:\n  nobody" in text
    assert "lines that were entered:\n  none" in text
    assert "what changed on this host:\n  nothing" in text
    assert "not observed" not in text
    pending = "\n".join(told({**quiet, "pending": True}, BEGAN))
    assert "what changed on this host:\n  still being read" in pending


def test_a_report_over_midnight_tells_the_days() -> None:
    text = "\n".join(told(report(until=100.0 + 30 * 3600), BEGAN))
    days = [time.strftime("%m-%d ", time.localtime(BEGAN + t)) for t in (100.0, 100.0 + 30 * 3600)]
    assert f"{days[0]}{at(100)} to {days[1]}{at(100 + 30 * 3600)} (30 h" in text


def test_the_newest_is_whole_and_the_others_are_lines() -> None:
    first = report(parts=[], says="the network was lost", lines=[], more_lines=0, drift=[])
    second = report(n=2, since=1000.0, until=1060.0)
    earlier = {"since": -100.0, "drift": [LINKS], "more": 2, "limits": []}
    text = read_out({"began": BEGAN, "earlier": earlier, "absences": [first, second]}, "js")
    assert text.startswith("Away report 2")
    assert f"  - 1: {at(100)} to {at(820)} (12 min): the network was lost; 0 lines, 0 changes" in (
        text.replace("\n    ", " ")
    )
    since = text.index("since its session before:\n  Links\n    - mtu of eth1 1500 → 9000\n  and 2")
    assert text.index("The engineers see this too. `js note TEXT`") > since
    nothing = read_out({"began": None, "earlier": None, "absences": []}, "js")
    assert nothing.startswith("No absence so far")


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        (
            {"lines": [MTU], "more_lines": 0, "drift": [LINKS]},
            [
                "You were away for 12 min (the host slept).",
                "1 line was entered; 1 change on the host: mtu of eth1 1500 → 9000.",
            ],
        ),
        (
            {"drift": [{**LINKS, "changes": [change(name) for name in "abcd"]}], "more": 2},
            [
                "You were away for 12 min (the host slept).",
                "3 lines were entered; 6 changes on the host: a; b; c; and 3 more.",
            ],
        ),
        (
            {"lines": [], "more_lines": 0, "drift": [], "pending": True},
            [
                "You were away for 12 min (the host slept).",
                "No line was entered; what changed on the host is still being read.",
            ],
        ),
        (
            {
                "parts": [{"kind": "link-lost"}, {"kind": "disconnected"}], "lines": [],
                "more_lines": 0, "drift": [], "says": "the network was lost",
            },
            [
                "The link was gone for 12 min (the network was lost).",
                "No line was entered; nothing changed on the host.",
            ],
        ),
    ],
)  # fmt: skip
def test_the_notice_on_return_is_brief(changes: dict[str, object], lines: list[str]) -> None:
    assert brief(report(**changes)) == [*lines, "The engineers see the report of it."]


@pytest.mark.parametrize("filler", ["\x1b[2J", "漢", "e ", "\u202e\n"])
def test_nothing_from_elsewhere_paints_or_makes_a_line_that_wraps(filler: str) -> None:
    long = filler * 100
    wild = report(
        says=long, lines=[line(1.0, long, long, "alice")], gaps=[], typists=[],
        drift=[{"area": "x", "title": long[:40], "changes": [change(long, lines=[line(1, long)])]}],
        limits=[{"probe": long, "why": long}], notes=[{"t": 1.0, "by": long, "text": long}],
    )  # fmt: skip
    away = {"began": BEGAN, "earlier": None, "absences": [wild, wild]}
    lines = [*read_out(away, "jumpseat").splitlines(), *brief(wild)]
    assert all(char.isprintable() for line in lines for char in line)
    assert max(map(cells, lines[:-3])) <= 78
