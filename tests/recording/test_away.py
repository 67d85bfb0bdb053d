from __future__ import annotations

from typing import Any

import pytest

from broker.recording.away import between, tell

TERMINAL = "run-1.terminal-1.cast"


def entry(event: str, t: float, **fields: object) -> dict[str, Any]:
    return {"event": event, "t": float(t), **fields}


def fingerprint(n: int, why: str, since: float, t: float, *limits: object) -> dict[str, Any]:
    found = {"cpu": 0.5, "digest": "", "facts": 10, "limits": list(limits)}
    return entry("fingerprint", t, n=n, why=why, since=since, **found)


def drift(n: int, since: float, until: float, *changes: list[Any]) -> dict[str, Any]:
    return entry(
        "drift", until, n=n, before=n - 1, since=since, until=until, changes=list(changes), more=0
    )


def entered(t: float, line: str, *persons: str) -> dict[str, Any]:
    return entry("entered", t, terminal=TERMINAL, shares=dict.fromkeys(persons, 9), line=line)


def let_run(t: float, text: str) -> dict[str, Any]:
    told = {"proposal": "p1", "person": "alice", "by": "customer"}
    return entry("ran", t, terminal=TERMINAL, text=text, **told)


MTU = ["links", "eth1", "mtu", "1500", "9000", None]
BACK = ["links", "eth1", "mtu", "9000", "1500", None]
FILE = ["files", "/etc/motd", "content", "a", "b", 41.0]

STORY = [
    entry("started", 0, wall=1000.0),
    entry("opened", 0.1, terminal=TERMINAL),
    entry("link_up", 0.2, cause="", since=0.2),
    entry("attached", 1),
    fingerprint(1, "consent", 0.5, 2, {"probe": "firewall", "why": "no rights"}),
    entered(10, "ls", "alice"),
    entry("disconnected", 30),
    fingerprint(2, "left", 30, 32),
    drift(2, 0.5, 32, FILE),
    entered(40, "echo hello > /etc/motd", "customer"),
    entered(45, "ip link set eth1 mtu 9000", "customer"),
    entry("noted", 50, by="carol", text="the switch wants jumbo frames"),
    entry("link_up", 90, cause="reconnected", since=30),
    fingerprint(3, "returned", 90, 92),
    drift(3, 30, 92, MTU),
    entered(100, "exit", "customer"),
]


def test_the_story_of_an_absence() -> None:
    told = tell(STORY)
    assert (told["began"], told["earlier"]) == (1000.0, None)
    (report,) = told["absences"]
    assert (report["n"], report["since"], report["until"]) == (1, 30.0, 90.0)
    assert report["says"] == "disconnected by the customer"
    assert report["typists"] == [{"person": "customer", "lines": 2, "characters": 18}]
    assert [line["line"] for line in report["lines"]] == [
        "echo hello > /etc/motd",
        "ip link set eth1 mtu 9000",
    ]
    links, files = report["drift"]
    (mtu,) = links["changes"]
    assert (links["title"], mtu["text"], mtu["early"]) == (
        "Links",
        "mtu of eth1 1500 → 9000",
        False,
    )
    assert [line["line"] for line in mtu["lines"]] == ["ip link set eth1 mtu 9000"]
    # Its time is known, so that it was found by the fingerprint of leaving does not matter.
    assert files["changes"][0]["early"] is False
    assert [note["text"] for note in report["notes"]] == ["the switch wants jumbo frames"]
    assert report["terminal"] == TERMINAL
    assert (report["read"], report["pending"]) == ([1, 3], False)


def test_a_host_whose_state_is_not_read() -> None:
    story = [one for one in STORY if one["event"] not in ("fingerprint", "drift")]
    (report,) = tell(story)["absences"]
    assert (report["read"], report["pending"], report["drift"]) == (None, False, [])


def test_a_change_found_on_leaving_may_be_from_before() -> None:
    story = [drift(2, 0.5, 32, MTU) if one is STORY[8] else one for one in STORY[:13]]
    (report,) = tell(story)["absences"]
    assert [one["early"] for area in report["drift"] for one in area["changes"]] == [True]
    assert report["pending"] is True


def test_what_was_undone_is_no_drift() -> None:
    story = [*STORY[:8], drift(2, 0.5, 32), fingerprint(3, "while-away", 60, 61)]
    story += [drift(3, 30, 61, MTU), entry("link_up", 90, cause="reconnected", since=30)]
    story += [fingerprint(4, "returned", 90, 92), drift(4, 60, 92, BACK)]
    assert tell(story)["absences"][0]["drift"] == []


def test_an_absence_that_goes_on_tells_so_far() -> None:
    (report,) = tell(STORY[:11])["absences"]
    assert report["until"] is None
    assert len(report["lines"]) == 2
    assert report["pending"] is False


def test_what_changed_since_the_session_before() -> None:
    first = entry("drift", 2, n=1, before=0, since=-500.0, until=2.0, changes=[MTU], more=3)
    told = tell([*STORY[:5], first])
    assert told["earlier"]["since"] == -500.0
    assert told["earlier"]["more"] == 3
    assert told["earlier"]["drift"][0]["changes"][0]["text"] == "mtu of eth1 1500 → 9000"
    assert told["earlier"]["limits"] == [{"probe": "firewall", "why": "no rights"}]


def test_a_line_that_was_let_run_is_told_exactly() -> None:
    ran = let_run(39, "zpool status")
    story = [*STORY[:9], ran, entered(40, "zpool sta", "alice")]
    assert tell(story)["absences"][0]["lines"][0]["line"] == "zpool status"


def test_lines_that_are_told_late_stand_where_they_were_entered() -> None:
    late = entry(
        "entered", 70, terminal=TERMINAL, shares={"carol": 0, "customer": 0}, line="ls\npwd\nid"
    )
    ran = let_run(59, "id")
    typed = [entered(55, "", "customer"), entered(56, "…", "carol"), ran, entered(60, "", "carol")]
    lines = tell([*STORY[:9], *typed, late])["absences"][0]["lines"]
    assert [(one["t"], one["line"], one["persons"]) for one in lines] == [
        (55.0, "ls", ["customer"]),
        (56.0, "pwd", ["carol"]),
        (60.0, "id", ["carol"]),
    ]


def test_commands_that_a_shell_tells_have_their_exit_codes() -> None:
    begun = {"terminal": TERMINAL, "shell": "bash 5.2", "depth": 1, "cwd": "/", "offset": 0}
    shares = {"customer": 25, "alice": 1}
    line = "ip link set eth1 mtu 9000"
    mtu = entry("command_started", 45, command="1-1", line=line, shares=shares, **begun)
    over = entry("command_ended", 46, command="1-1", terminal=TERMINAL, status=2, offset=9)
    (report,) = tell([*STORY[:9], mtu, over, *STORY[11:]])["absences"]
    told = {
        "t": 45.0, "terminal": TERMINAL, "line": line, "persons": ["alice", "customer"],
        "status": 2, "over": "ended", "how": "told", "command": "1-1",
    }  # fmt: skip
    assert report["lines"] == [told]
    assert report["drift"][0]["changes"][0]["lines"] == [told]
    assert report["typists"] == [
        {"person": "alice", "lines": 1, "characters": 1},
        {"person": "customer", "lines": 1, "characters": 25},
    ]


def test_between_two_fingerprints() -> None:
    told = between(STORY, None, None)
    assert [(one["n"], one["why"]) for one in told["fingerprints"]] == [
        (1, "consent"),
        (2, "left"),
        (3, "returned"),
    ]
    assert (told["from"], told["to"]) == (1, 3)
    assert [area["area"] for area in told["drift"]] == ["links", "files"]
    assert [area["area"] for area in between(STORY, 2, 3)["drift"]] == ["links"]
    assert between(STORY, 2, 2)["drift"] == []
    assert told["limits"] == [{"probe": "firewall", "why": "no rights"}]
    assert between([], None, None)["fingerprints"] == []


@pytest.mark.parametrize(("start", "end"), [(9, None), (None, 9), (3, 1)])
def test_fingerprints_that_there_are_not(start: int | None, end: int | None) -> None:
    with pytest.raises(ValueError, match="fingerprint"):
        between(STORY, start, end)
