"""What is told from logs: timeline, away reports, drift; whom it is told, and lies in a log."""

from typing import Any

import pytest

from broker.recording import drift
from broker.server.http import reports
from broker.wire.messages import Append, Held
from tests.server.casts import CAST, LOG, entry, started
from tests.server.peers import Site


def fingerprint(t: float, n: int, why: str, **fields: object) -> bytes:
    told = {"since": t - 1, "cpu": 0.1, "digest": "0" * 64, "facts": 9, "limits": [], **fields}
    return entry(t, "fingerprint", n=n, why=why, **told)


def drifted(t: float, n: int, before: int, *changes: object, **fields: object) -> bytes:
    told = {"since": t - 100, "until": t, "changes": changes, "more": 0, **fields}
    return entry(t, "drift", n=n, before=before, **told)


def command(t: float, name: str, line: str, **fields: object) -> bytes:
    told = {
        "terminal": CAST, "shell": "bash 5.2", "depth": 1, "cwd": "/", "shares": {"alice": 3},
        "offset": 50, **fields,
    }  # fmt: skip
    return entry(t, "command_started", command=name, line=line, **told)


MTU = ["links", "eth1", "mtu", "1500", "9000", None]
STORY = (
    started()
    + entry(1.0, "opened", terminal=CAST, cols=80, rows=24)
    + fingerprint(5.0, 1, "consent")
    + entry(10.0, "joined", viewer="v1", person="alice")
    + entry(60.0, "link_lost", why="silent", since=60.0)
    + fingerprint(62.0, 2, "left")
    + entry(
        70.0, "entered", terminal=CAST, shares={"customer": 29}, line="ip link set eth1 mtu 9000"
    )
    + entry(90.0, "link_up", wall=1.0, broker_wall=1.0, cause="asleep", since=60.0)
    + fingerprint(92.0, 3, "returned", limits=[{"probe": "zfs", "why": "no such command"}])
    + drifted(92.0, 3, 2, MTU)
    + entry(95.0, "noted", by="customer", text="bigger frames")
)


async def told(site: Site, log: bytes, what: str, run_2: bytes = b"") -> tuple[int, Any]:
    """What an engineer is answered to this once these logs are held."""
    granted = await site.grant()
    async with site.connected(granted) as (host, _):
        for name, data in ((LOG, log), ("run-2.log", run_2)):
            for at in range(0, len(data), 60_000):
                await host.send(Append(name, at, data[at : at + 60_000]))
            if data:
                size = len(data)
                await host.wait(Held, lambda held, size=size: held.offset == size)  # type: ignore[misc]
    async with site.engineer.get(f"/api/sessions/{granted['session']}/{what}") as got:
        return got.status, await got.json()


async def test_the_timeline_tells_all_runs(site: Site) -> None:
    later = started(2, 100.0) + entry(109.0, "ended", by="customer", why="done")
    status, found = await told(site, STORY, "timeline", later)
    assert status == 200
    kinds = [moment["kind"] for moment in found["moments"]]
    assert kinds[0] == "joined"
    assert kinds[-1] == "ended"
    assert "link-lost" in {stretch["kind"] for stretch in found["stretches"]}
    assert found["last"] == 109.0


async def test_an_away_report(site: Site) -> None:
    status, found = await told(site, STORY, "away")
    assert status == 200
    assert found["began"] == 1_700_000_000.0
    (absence,) = found["absences"]
    assert (absence["since"], absence["until"]) == (60.0, 90.0)
    assert [line["line"] for line in absence["lines"]] == ["ip link set eth1 mtu 9000"]
    (area,) = absence["drift"]
    (change,) = area["changes"]
    assert change["text"] == "mtu of eth1 1500 → 9000"
    assert [note["text"] for note in absence["notes"]] == ["bigger frames"]
    assert absence["limits"] == [{"probe": "zfs", "why": "no such command"}]


async def test_the_commands_of_all_runs(site: Site) -> None:
    run_1 = STORY + command(96.0, "1-1", "cat <<E\n\tx\nE")
    run_1 += entry(96.5, "command_ended", command="1-1", terminal=CAST, status=1, offset=70)
    run_1 += command(97.0, "1-2", "reboot")
    run_2 = started(2, 200.0) + entry(201.0, "entered", terminal=CAST, shares={"alice": 2})
    status, found = await told(site, run_1, "commands", run_2)
    assert status == 200
    assert (found["began"], found["more"], found["ended"]) == (1_700_000_000.0, 0, False)
    told_of = [
        (one["id"], one["line"], one["status"], one["over"], one["away"], one["shares"])
        for one in found["commands"]
    ]
    assert told_of == [
        ("e1", "ip link set eth1 mtu 9000", None, "inferred", True, {"customer": 29}),
        ("1-1", "cat <<E\n\tx\nE", 1, "ended", False, {"alice": 3}),
        ("1-2", "reboot", None, "lost", False, {"alice": 3}),
        ("e2", "", None, "inferred", False, {"alice": 2}),
    ]


async def test_the_customer_is_told_the_same_on_their_page_and_nobody_else(site: Site) -> None:
    mine, other = await site.grant(), await site.grant("b" * 64)
    session = mine["session"]
    async with site.connected(mine) as (host, _):
        await host.send(Append(LOG, 0, STORY))
        await host.wait(Held)
    async with (
        site.customer(session) as browser,
        browser.get(f"/api/customer/sessions/{session}/away") as got,
        site.engineer.get(f"/api/sessions/{session}/away") as engineers,
    ):
        assert await got.json() == await engineers.json()
        for path in (
            f"/api/customer/sessions/{other['session']}/away",
            f"/api/sessions/{session}/away",
            f"/api/sessions/{session}/drift",
        ):
            async with browser.get(path) as refused:
                assert refused.status == 401, path


@pytest.mark.parametrize(
    ("query", "span"),
    [("", (1, 3)), ("?from=2", (2, 3)), ("?from=1&to=2", (1, 2)), ("?from=3&to=3", (3, 3))],
)
async def test_the_drift_between_two_fingerprints(
    site: Site, query: str, span: tuple[int, int]
) -> None:
    status, found = await told(site, STORY, f"drift{query}")
    assert status == 200
    assert (found["from"], found["to"]) == span
    assert [one["n"] for one in found["fingerprints"]] == [1, 2, 3]
    assert len(found["drift"]) == (1 if span[0] < 3 <= span[1] else 0)


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("from=9", 404, "there is no fingerprint 9"),
        ("from=3&to=1", 404, "fingerprint 3 is later than 1"),
        ("to=x", 400, "to: the number of a fingerprint"),
        ("from=-1", 400, "from: the number of a fingerprint"),
        ("from=", 400, "from: the number of a fingerprint"),
        (f"from={'9' * 5000}", 400, "from: the number of a fingerprint"),
        ("from=٣", 400, "from: the number of a fingerprint"),
    ],
)
async def test_fingerprints_that_there_are_none_of(
    site: Site, query: str, status: int, said: str
) -> None:
    got, found = await told(site, STORY, f"drift?{query}")
    assert got == status
    assert said in found["error"]["message"]


async def test_a_session_without_a_log_has_nothing_to_tell(site: Site) -> None:
    assert await told(site, b"", "away") == (
        200,
        {"began": None, "earlier": None, "absences": []},
    )
    status, found = await told(site, b"", "drift")
    assert (status, found["fingerprints"], found["drift"]) == (200, [], [])


@pytest.mark.parametrize("what", ["timeline", "away", "commands", "drift"])
async def test_of_a_session_that_there_is_not(site: Site, what: str) -> None:
    async with site.engineer.get(f"/api/sessions/nosuch/{what}") as got:
        assert (got.status, (await got.json())["error"]["code"]) == (404, "unknown-session")


EXEC = {
    "t": 74.0, "pid": 7, "parent": 1, "user": "root", "terminal": "pts/3", "argv": None, "cwd": "/",
}  # fmt: skip
LIES = [
    drifted(93.0, 3, 2, ["links"]),
    drifted(93.0, 3, 2, "abcdef"),
    drifted(93.0, 3, 2, 7),
    drifted(93.0, 3, 2, [1, 2, 3, 4, 5, 6]),
    drifted(93.0, 3, 2, [*MTU[:5], "nan"]),
    drifted(93.0, 3, 2, [*MTU[:5], float("inf")]),
    drifted(93.0, 3, 2, [*MTU[:5], True]),
    drifted(93.0, 3, 2, changes=None),
    drifted(93.0, 3, 2, MTU, more="many"),
    drifted(93.0, 3, 2, MTU, more=-1),
    drifted(93.0, 3, 2, MTU, since="nan"),
    drifted(93.0, 10**400, 2, MTU),
    drifted(93.0, 3, True, MTU),
    fingerprint(93.0, 4, "returned", limits=7),
    fingerprint(93.0, 4, "returned", limits=["zfs"]),
    fingerprint(93.0, 4, "returned", limits=[{"probe": []}]),
    fingerprint(93.0, -4, "returned"),
    entry(75.0, "entered", terminal=CAST, shares=[], line="x"),
    entry(75.0, "entered", terminal=CAST, shares={"customer": "many"}, line="x"),
    entry(75.0, "entered", terminal=CAST, shares={"customer": float("inf")}, line="x"),
    entry(75.0, "gap", since=[], until={}, cause=1),
    command(75.0, "e1", "ls"),
    command(75.0, "1-2", "ls", shares={"alice": "3"}),
    command(75.0, "1-2", "ls", depth="1"),
    command(75.0, "1-2", "ls", offset=-1),
    entry(75.0, "command_ended", command="1-1", terminal=CAST, status="0", offset=9),
    entry(75.0, "command_ended", command="1-1", terminal=CAST, status=0, offset=None),
    entry(75.0, "execs", ran=[{**EXEC, "t": float("nan")}], lost=0),
    entry(75.0, "execs", ran=[{**EXEC, "pid": "7"}], lost=0),
    entry(75.0, "execs", ran=[{**EXEC, "argv": 7}], lost=0),
    entry(75.0, "execs", ran=[EXEC, "sh"], lost=0),
    entry(75.0, "execs", ran=[], lost="none"),
]


async def test_lies_in_a_log_are_passed_over(site: Site) -> None:
    lies = b"".join(LIES)
    assert await told(site, STORY + lies, "away") == await told(site, STORY, "away")
    assert await told(site, STORY + lies, "drift") == await told(site, STORY, "drift")
    begun = STORY + command(74.0, "1-1", "ls")
    assert await told(site, begun + lies, "commands") == await told(site, begun, "commands")


async def test_a_long_drift_entry_is_read(site: Site) -> None:
    changes = [["files", f"/etc/{n:0280}", "", None, "x" * 200, None] for n in range(100)]
    log = STORY + drifted(96.0, 3, 2, *changes)
    assert len(log) > 48 * 1024
    _, found = await told(site, log, "drift")
    assert [len(area["changes"]) for area in found["drift"]] == [1, 100]
    assert drift.title("files") == found["drift"][1]["title"]


async def test_a_log_that_takes_too_long_to_tell_of_costs_nobody_else(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "_TOLD_SECONDS", 0.001)
    assert await told(site, STORY, "away") == (
        503,
        {
            "error": {
                "code": "untold",
                "message": "the session's log is too much to be told of at once",
            }
        },
    )
