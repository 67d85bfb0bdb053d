"""The customer's commands as processes, at a recorder's socket that is real and tiny."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from broker.host import sessions
from broker.host.failures import Declined, Failed, NotFound
from broker.host.session_file import SessionFile
from broker.wire.messages import Consent, Consented, Done, Error, Notice
from tests.host.recorder_end import FACTS, RecorderEnd, recorder_end
from tests.host.test_away_text import report
from tests.journeys import terminal
from tests.journeys.terminal import Terminal
from tests.server.casts import entry, started

JUMPSEAT = [sys.executable, "-m", "broker.host"]
USAGE, NOT_FOUND, REFUSED = 2, 3, 5

PROPOSAL: dict[str, Any] = {
    "proposal": "r1p1", "person": "alice", "terminal": "run-1.terminal-1.cast",
    "text": "zpool   status\necho done", "why": "to see it", "expect": "ONLINE", "holds": [],
    "ready": False, "unready": "a program runs",
}  # fmt: skip
HELD = {**PROPOSAL, "holds": [{"hold": "h1", "text": "do not touch the pool"}]}


class Host:
    """A host with a recorder, and how commands run there."""

    def __init__(self, folder: Path, recorder: RecorderEnd) -> None:
        self.folder = folder
        self.recorder = recorder
        self.env = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path.cwd()),
            "LANG": "C.UTF-8",
            "HOME": str(folder),
            "JUMPSEAT_RUNTIME_DIR": str(folder),
            "JUMPSEAT_STATE_DIR": str(folder / "state"),
        }

    async def fails(self, *arguments: str) -> tuple[int, str]:
        """Run a command that does not succeed: its status and what it says of it."""
        status, out, err = await terminal.run([*JUMPSEAT, *arguments], self.env)
        assert out == ""
        assert "Traceback" not in err
        return status, err.splitlines()[-1]

    async def does(self, *arguments: str) -> str:
        """Run a command that succeeds: what it prints."""
        status, out, err = await terminal.run([*JUMPSEAT, *arguments], self.env)
        assert (status, err) == (0, "")
        return out

    async def asks(self, *arguments: str) -> Terminal:
        """Run a command in a terminal."""
        seat = Terminal()
        await seat.run([*JUMPSEAT, *arguments], self.env)
        return seat


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    # A unix socket's path has room for 107 bytes: tmp_path may be longer.
    with tempfile.TemporaryDirectory(prefix="host-") as folder:
        monkeypatch.setenv("JUMPSEAT_RUNTIME_DIR", folder)
        monkeypatch.delenv("JUMPSEAT_SESSION", raising=False)
        with recorder_end(Path(folder)) as recorder:
            yield Host(Path(folder), recorder)


async def test_status_tells_all_that_waits_for_the_customer(host: Host) -> None:
    host.recorder.facts.update(
        standing="taken-back",
        typing="bob",
        proposals=[HELD],
        waiting=[{"proposal": "r1p0", "text": "uptime"}],
        requests=[{"request": "q1", "person": "bob", "what": "terminal"}],
        allowed=[
            {"person": "alice", "times": 3, "kind": ""},
            {"person": "bob", "times": 0, "kind": "zpool list"},
        ],
        holds=[{"hold": "h1", "text": "not the pool", "patterns": ["zpool"], "by": "carol"}],
    )
    told = await host.does("status")
    for words in (
        "s1, 90 min left", "taken back", "alice, bob; bob types", FACTS["page"], "1 (yours now)",
        "r1p1  alice proposes:\n      | zpool   status\n      | echo done\n",
        "why: to see it", "expect: ONLINE", "A HOLD IS UP: do not touch the pool",
        "would wait: a program runs", "q1  bob asks for another terminal", "r1p0\n      | uptime",
        "alice's, the next 3", "bob's, that begin with: zpool list", "h1  not the pool",
        "stops lines with: zpool",
    ):  # fmt: skip
        assert words in told, words
    assert json.loads(await host.does("status", "--json")) == host.recorder.facts
    assert host.recorder.did == [("status", {})] * 2


@pytest.mark.parametrize(
    ("receipts", "told"),
    [
        ({"statements": 0, "last": None, "beyond": 9, "complete": False}, "none yet"),
        (
            {"statements": 7, "last": 1.7e9, "beyond": 512, "complete": False},
            "all but 512 bytes is signed for (7 statements, the last 2023-11-14 22:13:20 UTC)",
        ),
        (
            {"statements": 9, "last": 1.7e9, "beyond": 0, "complete": True},
            "all of it is signed for; the session is complete (9 statements, the last 2023-11-14",
        ),
    ],
    ids=["none", "some", "all"],
)
async def test_status_tells_what_the_broker_signed_for(
    host: Host, receipts: dict[str, object], told: str
) -> None:
    host.recorder.facts["receipts"] = receipts
    assert f"receipts    {told}" in await host.does("status")


async def test_what_engineers_write_can_not_paint_over_the_facts(host: Host) -> None:
    host.recorder.facts.update(
        engineer="\x1b[2J", watching=["\x1b]0;x\x07"], typing="\x9b", case="\r",
        proposals=[{**PROPOSAL, "person": "\x1b", "text": "\x1b[A", "unready": "\x08"}],
        holds=[{"hold": "h1", "text": "\x1b", "patterns": ["\x1b"], "by": "\x1b"}],
    )  # fmt: skip
    told = await host.does("status")
    assert all(char.isprintable() or char == "\n" for char in told)


async def test_the_pages_link_is_not_shown_where_it_would_be_recorded(host: Host) -> None:
    host.env["JUMPSEAT_SESSION"] = "s1"
    assert "#KEY" not in await host.does("status")
    assert "#KEY" not in await host.does("status", "--json")


@pytest.mark.parametrize(
    ("arguments", "command", "args", "says"),
    [
        (["mode", "watch"], "mode", {"mode": "watch"}, "the mode is approve"),
        (["extend", "1h30m"], "extend", {"seconds": 5400.0}, "90 min left"),
        (["take-back"], "take_back", {}, "taken back"),
        (["give-back"], "give_back", {}, "given back"),
        (["revoke"], "revoke", {}, "revoked"),
        (["disconnect"], "disconnect", {}, "the link is cut"),
        (["reconnect"], "reconnect", {}, "may be made again"),
        (["end"], "end", {}, "session s1 ends"),
        (["note", "we changed", "it"], "note", {"text": "we changed it"}, "noted: the engineers"),
        (["holds"], "status", {}, "no hold is up"),
        (["lift", "h1"], "lift", {"hold": "h1"}, "no hold is up"),
        (
            ["hold", "not the pool", "--stop", "zpool", "--stop", "zfs *"],
            "hold",
            {"text": "not the pool", "patterns": ["zpool", "zfs *"]},
            "no hold is up",
        ),
        (
            ["refuse", "r1p1", "not", "now"],
            "refuse",
            {"proposal": "r1p1", "word": "not now"},
            "refused",
        ),
    ],
)
async def test_each_command_is_told_to_the_recorder(
    host: Host, arguments: list[str], command: str, args: dict[str, Any], says: str
) -> None:
    assert says in await host.does(*arguments)
    assert host.recorder.did[-1] == (command, args)
    assert json.loads(await host.does(*arguments, "--json")) == host.recorder.facts


async def test_a_note_without_words_on_the_line_is_typed(host: Host) -> None:
    seat = await host.asks("note")
    await seat.expect("What happened?")
    seat.type("the MTU was wrong\nso we changed it\n\n")
    await seat.expect("noted: the engineers see it")
    assert await seat.ended() == 0
    await seat.close()
    assert host.recorder.did == [("note", {"text": "the MTU was wrong\nso we changed it"})]

    seat = await host.asks("note")
    await seat.expect("What happened?")
    seat.type(b"\x04")
    assert await seat.ended() == USAGE
    await seat.expect("nothing was noted: a note needs words")
    await seat.close()
    assert len(host.recorder.did) == 1


async def test_a_note_that_is_none_never_leaves_the_command(host: Host) -> None:
    status, error = await host.fails("note", "x" * 2001)
    assert (status, host.recorder.did) == (USAGE, [])
    assert "at most 2,000 characters" in error


async def test_the_away_reports_are_told(host: Host) -> None:
    told = {"began": 1.7e9, "earlier": None, "absences": [report(), report(n=2)]}
    host.recorder.facts["away"] = told
    text = await host.does("away")
    assert text.startswith("Away report 2, ")
    assert "absences before that:\n  - 1: " in text
    assert json.loads(await host.does("away", "--json")) == told
    assert host.recorder.did == [("away", {})] * 2


async def test_what_was_run_is_read_from_the_recordings(host: Host) -> None:
    older, newer = (host.folder / "state" / name for name in ("s1", "s2"))
    for folder, wall in ((older, 1.0), (newer, 2.0)):
        folder.mkdir(parents=True)
        session_file(folder.name, wall).save(folder)
    (older / "run-1.log").write_bytes(started() + ran(5.0, "1-1", "uname -a", 0))
    (newer / "run-10.log").write_bytes(
        started(10, 50.0) + ran(55.0, "10-1", "cat <<E\nE", 2) + b'{"t": 60, "torn'
    )
    (newer / "run-9.log").write_bytes(started(9) + ran(5.0, "9-1", "id", 0))
    (newer / "run-x.log").write_text("nothing of ours")

    ids = [one["id"] for one in json.loads(await host.does("commands", "--json"))["commands"]]
    assert ids == ["9-1", "10-1"]
    assert "exit 2  1.5 s  cat <<E …" in await host.does("commands", "--failed")
    assert "uname -a" in await host.does("commands", "s1")
    host.env["JUMPSEAT_SESSION"] = "s1"
    assert "uname -a" in await host.does("commands", "--person", "alice")
    assert await host.does("commands", "--away") == "no commands\n"
    assert await host.fails("commands", "s3") == (
        NOT_FOUND,
        "jumpseat: no such session of this user is here (one begun with sudo needs sudo again)",
    )


def session_file(name: str, began: float) -> SessionFile:
    return SessionFile(
        name, "https://b.example", "t", "a case", "alice", began, 0.0, "b", "approve", "pause",
        7200.0, "terms", "yes", 0, 0, "carol", "/", "/bin/sh", {}, "/", login=True,
    )  # fmt: skip


def ran(t: float, name: str, line: str, status: int) -> bytes:
    told = {"terminal": PROPOSAL["terminal"], "shell": "bash 5.2", "depth": 1, "cwd": "/"}
    shares = {"alice": 8}
    return entry(
        t, "command_started", command=name, line=line, shares=shares, offset=0, **told
    ) + entry(
        t + 1.5, "command_ended", command=name, terminal=told["terminal"], status=status, offset=9
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["mode", "write"], "'write' is no mode: watch, approve or control"),
        (["mode"], "MODE"),
        (["extend", "soon"], "'soon' is no length of time"),
        (["hold", "text"], "--stop"),
        (["reattach", "--terminal", "0"], "from 1 to 9"),
        (["grant", "c", "--broker", "https://b.example", "--mode", "all"], "is no mode"),
        (["grant", "c", "--broker", "https://b.example", "--for", "1d"], "no length of time"),
        (["grant", "c", "--broker", "https://b.example", "--away", "x"], "pause, continue or end"),
        (["grant", "c", "--broker", "https://b.example", "--page", "x"], "off, watch or approve"),
        (["grant", "c", "--broker", "https://b.example", "--drift", "x"], "drift: on or off"),
        (["grant", "c", "--broker", "https://b.example", "--terminals", "10"], "from 1 to 9"),
        (["grant", "c", "--broker", "https://b.example", "--prefix", "x"], "no control key"),
        (["grant", "c", "--broker", "https://b.example", "--prefix", "^M"], "what Enter sends"),
        (["grant", "c"], "--broker"),
        ([], "COMMAND"),
        (["dance"], "dance"),
    ],
)
async def test_what_makes_no_sense_is_told_in_a_line(
    host: Host, arguments: list[str], told: str
) -> None:
    status, error = await host.fails(*arguments)
    assert status == USAGE
    assert told in error
    assert host.recorder.did == []


async def test_a_proposal_is_approved_as_it_stands(host: Host) -> None:
    host.recorder.facts["proposals"] = [PROPOSAL]
    assert await host.does("approve", "r1p1") == "approved\n"
    assert host.recorder.did[-1] == (
        "approve",
        {
            "proposal": "r1p1", "text": PROPOSAL["text"], "times": 0, "kind": "", "override": False,
        },
    )  # fmt: skip


async def test_what_touches_a_hold_takes_the_typed_word(host: Host) -> None:
    host.recorder.facts["proposals"] = [HELD]
    status, error = await host.fails("approve", "r1p1")
    assert (status, host.recorder.did[-1][0]) == (1, "status")
    assert "terminal" in error

    seat = await host.asks("approve", "r1p1")
    await seat.expect("do not touch the pool")
    await seat.expect('Type "override"')
    seat.type("yes\n")
    assert await seat.ended() == REFUSED
    assert host.recorder.did[-1][0] == "status"
    await seat.close()

    seat = await host.asks("approve", "r1p1")
    await seat.expect('Type "override"')
    seat.type("override\n")
    assert await seat.ended() == 0
    assert host.recorder.did[-1][1]["override"] is True
    await seat.close()


async def test_requests_are_answered_by_their_ids(host: Host) -> None:
    host.recorder.facts["requests"] = [
        {"request": "q1", "person": "bob", "what": "terminal"},
        {"request": "q2", "person": "bob", "what": "control"},
        {"request": "q3", "person": "bob", "what": "time"},
    ]
    await host.does("approve", "q1")
    assert host.recorder.did[-1] == ("answer", {"request": "q1", "yes": True})
    await host.does("refuse", "q2")
    assert host.recorder.did[-1] == ("answer", {"request": "q2", "yes": False})
    assert "mode control`" in (await host.fails("approve", "q2"))[1]
    assert "extend TIME`" in (await host.fails("approve", "q3"))[1]
    assert host.recorder.did[-1] == ("status", {})


async def test_an_id_of_nothing_is_not_found(host: Host) -> None:
    status, error = await host.fails("approve", "x\x1b")
    assert status == NOT_FOUND
    assert "nothing with the id x? waits" in error


async def test_more_for_the_engineers_takes_the_typed_words(host: Host) -> None:
    host.recorder.answers["mode"] = [
        Consent(7, "They may TYPE.\nReally.", "I agree"),
        Done({**FACTS, "mode": "control"}),
    ]
    seat = await host.asks("mode", "control")
    await seat.expect('They may TYPE.\r\nReally.\r\n\r\nType "I agree"')
    seat.type("I agree\n")
    await seat.expect("the mode is control")
    assert await seat.ended() == 0
    await seat.close()
    assert host.recorder.consented == [Consented(7, "I agree")]


async def test_what_was_typed_ahead_is_no_consent(host: Host) -> None:
    host.recorder.answers["mode"] = [0.3, Consent(1, "more", "I agree"), Done(FACTS)]
    seat = Terminal()
    seat.type("I agree\n")
    await seat.run([*JUMPSEAT, "mode", "control"], host.env)
    await seat.expect('Type "I agree"')
    seat.type("no\n")
    assert await seat.ended() == 0
    await seat.close()
    assert host.recorder.consented == [Consented(1, "no")]


async def test_without_a_terminal_there_is_no_consent(host: Host) -> None:
    host.recorder.answers["extend"] = [Consent(1, "more", "I agree"), Done(FACTS)]
    status, error = await host.fails("extend", "1h")
    assert (status, host.recorder.consented) == (1, [])
    assert 'typed "I agree": run it in a terminal' in error


async def test_no_session_here(host: Host) -> None:
    status, error = await host.fails("status", "--session", "s2")
    assert status == NOT_FOUND
    assert "s2" in error


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("declined", Declined), ("inside", Declined), ("unknown-proposal", NotFound),
        ("illegal", Failed),
    ],
)  # fmt: skip
def test_what_was_not_done_has_its_kind(host: Host, code: str, kind: type[Failed]) -> None:
    host.recorder.answers["mode"] = [Error(code, "not done")]
    with sessions.connect("s1") as recorder, pytest.raises(Failed, match="not done") as raised:
        sessions.do(recorder, "mode", mode="control")
    assert type(raised.value) is kind


def test_while_people_are_asked_there_is_no_hurry(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "_ANSWER_SECONDS", 2.0)
    told: list[str] = []
    voice = sessions.Voice(told.append, lambda text, words: "")
    host.recorder.answers["extend"] = [Notice("ask", "asked at the seat"), 3.0, Done(FACTS)]
    with sessions.connect("s1") as recorder:
        assert sessions.do(recorder, "extend", voice, seconds=60.0) == FACTS
    assert told == ["asked at the seat"]

    host.recorder.answers["extend"] = [6.0, Done(FACTS)]
    with sessions.connect("s1") as recorder, pytest.raises(Failed, match="not answered"):
        sessions.do(recorder, "extend", voice, seconds=60.0)


async def test_a_terminal_that_is_not_there_is_told(host: Host) -> None:
    seat = await host.asks("reattach", "--terminal", "5")
    assert await seat.ended() == NOT_FOUND
    await seat.expect("there is no terminal 5 in this session (there: 1)")
    await seat.close()


@pytest.mark.parametrize(
    ("typing", "told"), [("", "alice, bob\n"), ("bob", "; bob types"), ("customer", "; you type")]
)
async def test_status_tells_who_types(host: Host, typing: str, told: str) -> None:
    host.recorder.facts["typing"] = typing
    assert told in await host.does("status")
