"""A broker that lies: whatever it says, it achieves nothing beyond what the customer allows.

Against a real recorder with a real shell. What it tried is in the session log, or costs its link;
the customer's shell is undisturbed, which each test sees at its end.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest

from broker.host.page_link import PageKey
from broker.recording import session_log
from broker.wire.codec import MAX_DATA_BYTES, encode
from broker.wire.messages import (
    Act,
    Declined,
    Held,
    Hello,
    Input,
    Joined,
    Leave,
    Left,
    LiftHold,
    Message,
    Output,
    Propose,
    PutHold,
    Request,
    Turn,
    Withdraw,
)
from tests.host.broker_end import BrokerEnd
from tests.host.real_recorder import LOG, TERMINAL, Host, Seat, sit

KEY = PageKey(b"k" * 32)
BASH = {"shell": "/bin/bash", "mode": "approve", "page_key": KEY.text}
INJECTED = b"echo inject''ed\r"


async def undisturbed(seat: Seat, broker: BrokerEnd) -> None:
    """The customer's shell works, is recorded, and nothing of the broker's has run there."""
    seat.types("echo undis''turbed\r")
    await seat.until_printed(b"undisturbed")
    await broker.until_in(TERMINAL, b"undisturbed")
    assert b"injected" not in seat.printed
    assert b"injected" not in broker.streams[TERMINAL]


def declined(broker: BrokerEnd) -> list[Declined]:
    """What viewers were told was not done."""
    return [one for one in broker.heard if isinstance(one, Declined)]


async def until_declined(broker: BrokerEnd, times: int = 1) -> Declined:
    await broker.until(lambda: len(declined(broker)) >= times, f"{times} declined")
    return declined(broker)[times - 1]


async def propose(broker: BrokerEnd, text: str, by: str = "v1", terminal: str = TERMINAL) -> None:
    await broker.send(Propose(by, terminal, text, "", ""))


# --- keys -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "command", "terminal", "why"),
    [
        ({"mode": "watch"}, "", TERMINAL, "mode"),
        ({"mode": "approve"}, "", TERMINAL, "mode"),
        ({"until": 0.5}, "", TERMINAL, "expired"),
        ({}, "take_back", TERMINAL, "taken-back"),
        ({}, "revoke", TERMINAL, "revoked"),
        ({}, "", "run-1.terminal-2.cast", "no-terminal"),
        ({}, "", "run-2.terminal-1.cast", "no-terminal"),
        ({}, "", "nonsense", "no-terminal"),
    ],
    ids=["watch", "approve", "expired", "taken-back", "revoked", "other", "other-run", "nonsense"],
)
async def test_keys_beyond_the_grant(
    host: Host, broker: BrokerEnd, changes: dict[str, Any], command: str, terminal: str, why: str
) -> None:
    seat = await sit(host, broker, **changes)
    if why == "expired":
        await broker.until_in(LOG, b'"expired"')
    if command:
        await host.do(command)
    for _ in range(3):
        await broker.send(Input(terminal, "v1", INJECTED))
    await broker.until_in(LOG, b'"refused"')
    seat.types("echo cle''an\r")
    await seat.until_printed(b"clean")
    assert b"inject" not in seat.printed
    refused = host.logged("refused")
    assert [(entry["why"], entry["person"]) for entry in refused] == [(why, "alice")]


@pytest.mark.parametrize(
    "attack",
    [
        encode(Input(TERMINAL, "nobody", INJECTED)),
        encode(Propose("nobody", TERMINAL, "echo inject''ed", "", "")),
        encode(Request("nobody", "control")),
        encode(PutHold("nobody", "x", ["echo"])),
        encode(Held(LOG, 2**40)),
        encode(Held("run-9.log", 1)),
        encode(Leave("ended")),
        encode(Output(TERMINAL, b"fake")),
        b"\x02"
        + bytes([len(TERMINAL)])
        + TERMINAL.encode()
        + b"\x02v1"
        + b"x" * MAX_DATA_BYTES * 2,
        b"\x09garbage",
    ],
)
async def test_what_breaks_the_protocol_costs_the_link_alone(
    host: Host, broker: BrokerEnd, attack: bytes
) -> None:
    seat = await sit(host, broker)
    await broker.send_raw(attack)
    await broker.until_heard(Hello, 2)
    assert Leave("recorder-lost") not in broker.heard
    await undisturbed(seat, broker)


FORGED: list[dict[str, Any]] = [
    {"type": "do", "command": "approve", "args": {"proposal": "r1p1"}},
    {"type": "do", "command": "mode", "args": {"mode": "control"}},
    {"type": "consented", "n": 1, "answer": "I agree"},
    {"type": "approved", "proposal": "r1p1", "by": "customer", "how": "asked", "text": "x"},
    {"type": "done", "status": {}},
    {"type": "attach", "terminal": "", "cols": 80, "rows": 24},
    {"type": "link_down", "why": "the broker says so"},
    {"attempt": 1, "type": "link_up"},
    {"type": "dial", "url": "http://192.0.2.1"},
]


@pytest.mark.parametrize("forged", FORGED, ids=[one["type"] for one in FORGED])
async def test_nothing_that_only_others_may_say_is_taken_from_a_broker(
    host: Host, broker: BrokerEnd, forged: dict[str, Any]
) -> None:
    seat = await sit(host, broker, **BASH)
    await propose(broker, "echo inject''ed")
    await broker.until_in(LOG, b'"proposed"')
    await broker.send_raw(json.dumps(forged).encode())
    await broker.until_heard(Hello, 2)
    assert Leave("recorder-lost") not in broker.heard
    assert not any(host.logged(event) for event in ("approved", "ran", "mode_changed", "ended"))
    await undisturbed(seat, broker)


@pytest.mark.parametrize("spelled", [r"\u006cink_down", r"link\u005fdown"])
async def test_what_only_an_uplink_says_is_known_however_it_is_spelled(
    host: Host, broker: BrokerEnd, spelled: str
) -> None:
    seat = await sit(host, broker)
    await broker.send_raw(f'{{"type":"{spelled}","why":"the broker says so"}}'.encode())
    await broker.until_heard(Hello, 2)
    await undisturbed(seat, broker)


# --- proposals ------------------------------------------------------------------------------------


async def test_proposals_that_would_run_as_something_else(host: Host, broker: BrokerEnd) -> None:
    seat = await sit(host, broker, **BASH)
    bad = [
        "echo inject''ed\r", "echo \x1b[201~inject''ed", "echo\x03", "echo a\x00b", "\x15rm -rf x",
        "echo \u202einject''ed", "echo a\u2028b", "a\tb", "\x7f" * 9, "", " \n ", "ls !$",
        "x" * 8193, "\n".join("y" * 101), "echo \ud800",
    ]  # fmt: skip
    sent = 0
    for text in bad[:-1]:
        await propose(broker, text)
        sent += 1
        await until_declined(broker, sent)
    for terminal in ("run-1.terminal-7.cast", "run-2.terminal-1.cast", "", "../../etc/passwd"):
        await propose(broker, "echo inject''ed", terminal=terminal)
        sent += 1
        assert (await until_declined(broker, sent)).reason == "no-terminal"
    for why in ("w" * 501, "two\nlines", "\x1b[2J"):
        await broker.send(Propose("v1", TERMINAL, "echo inject''ed", why, ""))
        sent += 1
        assert (await until_declined(broker, sent)).reason == "bad-words"
    assert all(one.viewer == "v1" and one.message for one in declined(broker))
    # Half a character, and a megabyte: no message that could be passed on.
    raw = {"type": "propose", "by": "v1", "terminal": TERMINAL, "why": "", "expect": ""}
    await broker.send_raw(json.dumps({**raw, "text": bad[-1]}).encode())
    await broker.until_heard(Hello, 2)
    await broker.send_raw(json.dumps({**raw, "text": "x" * 1_000_000}).encode())
    await broker.until_heard(Hello, 3)
    assert not host.logged("proposed")
    assert (host.folder / LOG).stat().st_size < 20_000
    await undisturbed(seat, broker)


async def test_a_watched_grant_takes_no_proposals(host: Host, broker: BrokerEnd) -> None:
    seat = await sit(host, broker, mode="watch")
    await propose(broker, "echo inject''ed")
    assert (await until_declined(broker)).reason == "mode"
    await broker.send(Request("v1", "terminal"))
    assert (await until_declined(broker, 2)).reason == "mode"
    assert not host.logged("proposed")
    assert not host.logged("requested")
    await undisturbed(seat, broker)


async def test_a_proposal_is_its_engineers_alone(host: Host, broker: BrokerEnd) -> None:
    await sit(host, broker, **BASH)
    await broker.send(Joined("v2", "bob"))
    await propose(broker, "echo mine")
    await broker.send(Withdraw("v2", "r1p1"))
    assert (await until_declined(broker)) == Declined(
        "v2", "not-yours", "that is somebody else's proposal"
    )
    await broker.send(Withdraw("v1", "r1p1"))
    await broker.until_in(LOG, b'"withdrawn"')
    await broker.send(Withdraw("v1", "r1p1"))
    await broker.send(Withdraw("v1", "r1p" + "9" * 1000))
    assert (await until_declined(broker, 2)).reason == "answered"
    assert (await until_declined(broker, 3)).reason == "unknown-proposal"


async def test_no_more_terminals_than_the_grant_says(host: Host, broker: BrokerEnd) -> None:
    seat = await sit(host, broker, mode="approve", terminals=3)
    for n in range(9):
        await broker.send(Joined(f"t{n}", f"person {n}"))
        await broker.send(Request(f"t{n}", "terminal"))
    await broker.until_in(LOG, b'"requested"', 9)
    await broker.until_in(LOG, b'"opened"', 3)
    await undisturbed(seat, broker)
    facts = await host.do("status")
    assert len(facts["terminals"]) == 3
    assert len(facts["requests"]) == 7


# --- acts of the customer's page ------------------------------------------------------------------


class Forge:
    """Makes acts: with the page's key, and otherwise."""

    def __init__(self) -> None:
        self.n = 0

    def act(self, do: str = "approve", *, key: bytes = KEY.act_key, **fields: object) -> Act:
        self.n += 1
        action = json.dumps({
            "session": "s1", "run": 1, "n": self.n, "do": do, "proposal": "r1p1",
            "text_sha256": digest("echo inject''ed"), "word": "", **fields,
        })  # fmt: skip
        return Act(action, hmac.new(key, action.encode(), hashlib.sha256).hexdigest())


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


async def test_acts_that_the_customer_did_not_do(host: Host, broker: BrokerEnd) -> None:
    seat = await sit(host, broker, **BASH, page="approve")
    await propose(broker, "echo inject''ed")
    await broker.until_in(LOG, b'"proposed"')
    forge = Forge()
    refusal = forge.act("refuse", proposal="r1p9")  # the customer's own, for what is not there
    nested = "[" * 5000
    bad = [
        Act(forge.act().action, "0" * 64),
        Act(forge.act().action, ""),
        Act(forge.act().action, "é" * 64),
        forge.act(key=b""),
        forge.act(key=bytes.fromhex(hashlib.sha256(KEY.view_token.encode()).hexdigest())),
        forge.act(key=KEY.view_token.encode()),
        Act(forge.act().action.replace("r1p1", "r1p2"), forge.act().mac),
        forge.act(session="s2"),
        forge.act(run=2),
        forge.act(text_sha256=digest("echo harmless")),
        forge.act(text_sha256=""),
        forge.act(proposal="r1p2"),
        forge.act("approve_all"),
        forge.act(n=True),
        forge.act(n=1.5),
        forge.act(proposal=["r1p1"]),
        Act(nested, hmac.new(KEY.act_key, nested.encode(), hashlib.sha256).hexdigest()),
        Act("[]", hmac.new(KEY.act_key, b"[]", hashlib.sha256).hexdigest()),
        refusal,
        refusal,  # repeated
        forge.act(n=forge.n - 5),  # made earlier than one that came
    ]
    for number, act in enumerate(bad, 1):
        await broker.send(act)
        one = await until_declined(broker, number)
        assert one.viewer == ""
        assert one.message
    reasons = [one.reason for one in declined(broker)]
    assert reasons[-2:] == ["repeated", "repeated"]
    assert reasons[:8] == ["bad-act"] * 7 + ["other-run"]
    assert not any(host.logged(event) for event in ("approved", "ran", "proposal_refused"))
    await undisturbed(seat, broker)


async def test_an_act_counts_once_and_only_where_the_grant_says_so(
    host: Host, broker: BrokerEnd
) -> None:
    seat = await sit(host, broker, **BASH, page="watch")
    forge = Forge()
    await propose(broker, "echo inject''ed")
    await broker.until_in(LOG, b'"proposed"')
    await broker.send(forge.act())
    assert (await until_declined(broker)).reason == "page"
    # It takes from the engineers all the same; and a taking back that is repeated later does not.
    taking_back = forge.act("take_back")
    await broker.send(taking_back)
    await broker.until_in(LOG, b'"taken_back"')
    await host.do("give_back")
    await broker.send(taking_back)
    assert (await until_declined(broker, 2)).reason == "repeated"
    assert len(host.logged("taken_back")) == 1
    assert host.logged("withdrawn")[0]["why"] == "taken back"
    await undisturbed(seat, broker)


async def test_a_note_is_the_customers_own(host: Host, broker: BrokerEnd) -> None:
    seat = await sit(host, broker, **BASH, page="watch")
    forge = Forge()
    bad = [
        forge.act("note", key=b"", word="the engineers did it"),
        forge.act("note", word=" "),
        forge.act("note", word="x" * 2001),
        forge.act("note", word="a\x1b[2Jb"),
    ]
    for number, act in enumerate(bad, 1):
        await broker.send(act)
        assert (await until_declined(broker, number)).message
    await broker.send(forge.act("note", word="we changed the MTU\nbecause of the switch"))
    await broker.until_in(LOG, b'"noted"')
    (noted,) = host.logged("noted")
    assert noted["text"] == "we changed the MTU\nbecause of the switch"
    assert noted["by"].endswith("(page)")
    await undisturbed(seat, broker)


# --- floods ---------------------------------------------------------------------------------------


def bounded(host: Host, most: int = 700) -> list[session_log.Entry]:
    """The log, which a flood must not have filled."""
    log = host.log()
    assert len(log) < most, [entry["event"] for entry in log[-5:]]
    return log


FLOODS: dict[str, Callable[[int], list[Message]]] = {
    "joins": lambda n: [Joined(f"f{n}", f"person {n}")],
    "comes-and-goes": lambda n: [Joined("f", "mallory"), Left("f")],
    "proposals": lambda n: [
        Propose("v1", TERMINAL, f"echo {n}", "", ""), Withdraw("v1", f"r1p{n}"),
    ],
    "requests": lambda n: [Request("v1", "time"), Request("v1", "control")],
    "holds": lambda n: [PutHold("v1", f"hold {n}", [f"word{n}"]), LiftHold("v1", f"h{n}")],
}  # fmt: skip


@pytest.mark.parametrize("kind", FLOODS)
async def test_floods_leave_the_log_bounded(host: Host, broker: BrokerEnd, kind: str) -> None:
    seat = await sit(host, broker, **BASH)
    for n in range(3000):
        for message in FLOODS[kind](n):
            await broker.send(message)
    await broker.until_heard(Hello, 2)
    assert host.logged("link_lost")[0]["why"] == "too-fast"
    await undisturbed(seat, broker)
    bounded(host)
    facts = await host.do("status")
    assert len(facts["proposals"]) <= 20
    assert len(facts["requests"]) <= 20
    assert len(facts["holds"]) <= 50
    assert (host.folder / LOG).stat().st_size < 200_000


async def test_keys_that_are_refused_for_ever_new_reasons_leave_the_log_bounded(
    host: Host, broker: BrokerEnd
) -> None:
    seat = await sit(host, broker, mode="approve")
    for n in range(2000):
        await broker.send(Input((TERMINAL, "run-1.terminal-9.cast")[n % 2], "v1", b"x"))
    await undisturbed(seat, broker)
    assert len([one for one in bounded(host) if one["event"] == "refused"]) > 1


# --- names and holds ------------------------------------------------------------------------------


async def test_nobody_at_the_broker_is_taken_for_the_customer(
    host: Host, broker: BrokerEnd
) -> None:
    seat = await sit(host, broker)
    names = ["customer", " customer\n", "\x1b[2Jcustomer", "a\u202eb", "x" * 200, ""]
    for number, name in enumerate(names):
        await broker.send(Joined(f"c{number}", name))
    await broker.until_in(LOG, b'"joined"', 1 + len(names))
    told = [entry["person"] for entry in host.logged("joined")][1:]
    assert "customer" not in told
    assert all(name.isprintable() for name in told)
    await broker.send(Input(TERMINAL, "c0", b"echo sha''red\r"))
    await seat.until_printed(b"shared")
    await broker.until_in(LOG, b'"entered"')
    assert list(host.logged("entered")[-1]["shares"]) == ["customer (engineer)"]
    turn = Turn(TERMINAL, "c0", "customer (engineer)")
    await broker.until(lambda: turn in broker.heard, "whose turn it is")
    for long in (Joined("w" * 65, "alice"), Joined("w", "x" * 201)):
        links = broker.links
        await broker.send(long)
        await broker.until(lambda links=links: broker.links > links, "another link")  # type: ignore[misc]
    await undisturbed(seat, broker)


async def test_a_hold_of_the_customers_stays(host: Host, broker: BrokerEnd) -> None:
    seat = await sit(host, broker, **BASH)
    facts = await host.do("hold", text="do not touch pool/tank", patterns=["zpool"])
    (hold,) = facts["holds"]
    for by in ("v1",):
        await broker.send(LiftHold(by, hold["hold"]))
        assert (await until_declined(broker)).reason == "bad-hold"
    many = [f"w{n}" for n in range(21)]
    bad = [
        ("x", []), ("x", ["*"]), ("x", ["e"]), ("", ["echo"]), ("a\nb", ["echo"]),
        ("x" * 301, ["echo"]), ("x", ["a b\x1b"]), ("x", many),
    ]  # fmt: skip
    for number, (text, patterns) in enumerate(bad, 2):
        await broker.send(PutHold("v1", text, patterns))
        assert (await until_declined(broker, number)).reason == "bad-hold"
    assert [one["hold"] for one in (await host.do("status"))["holds"]] == [hold["hold"]]
    assert not host.logged("hold_lifted")
    await undisturbed(seat, broker)
