from __future__ import annotations

from typing import Any

import pytest

from broker.host.view.answering import Names, answering
from broker.host.view.panel import RED
from broker.wire.messages import Do, Done, Error
from tests.host.facts import facts, proposal
from tests.host.view.talk import Talk

NAMES = Names("Ctrl-]", "jumpseat")
ANSWERED = Done(facts())


def talk(*answers: Done | Error, **told: object) -> Talk[None]:
    return Talk(answering(NAMES), Done(facts(**told)), *answers)


def one(text: str = "zpool status tank", **changes: object) -> dict[str, Any]:
    return {"proposals": [proposal(text, **changes)]}


def approved(text: str, **args: object) -> Do:
    every = {"proposal": "r1p1", "text": text, "times": 0, "kind": "", "override": False, **args}
    return Do("approve", every)


def test_nothing_to_answer_is_told() -> None:
    asking = talk()
    assert "Nothing waits" in asking.text
    assert asking.types(b"x").over


def test_all_of_a_proposal_is_told() -> None:
    told = talk(
        **one(why="to see the pool", expect="ONLINE", ready=False, unready="vim fills the screen")
    ).text
    for part in (
        "alice proposes, in terminal 1", "  $ zpool status tank", "to see the pool", "ONLINE",
        "vim fills the screen; once let, it runs at the next empty prompt", "r: run",
    ):  # fmt: skip
        assert part in told


def test_run() -> None:
    asking = talk(ANSWERED, **one()).types(b"r")
    assert asking.asked[1:] == [approved("zpool status tank")]
    assert asking.over


def test_esc_leaves_it_for_later() -> None:
    asking = talk(**one()).types(b"\x1b")
    assert asking.over
    assert asking.asked == [Do("status", {})]


@pytest.mark.parametrize("keys", [b"\x1b[200~r\x1b[201~", b"R", b"x", b"\r", b" "])
def test_other_keys_and_pastes_run_nothing(keys: bytes) -> None:
    asking = talk(**one()).types(keys)
    assert asking.asked == [Do("status", {})]


def test_edit_and_run() -> None:
    asking = talk(ANSWERED, **one()).types(b"e", b"\x17-v", b"\r")
    assert "edited by you" in asking.text
    asking.types(b"r")
    assert asking.asked[1:] == [approved("zpool status -v")]


def test_an_edit_that_is_given_up_changes_nothing() -> None:
    asking = talk(ANSWERED, **one()).types(b"e", b"rm\x1b", b"r")
    assert asking.asked[1:] == [approved("zpool status tank")]


def test_refuse_with_a_word() -> None:
    asking = talk(ANSWERED, **one()).types(b"n", "später".encode(), b"\r")
    assert asking.asked[1:] == [Do("refuse", {"proposal": "r1p1", "word": "später"})]
    asking = talk(ANSWERED, **one()).types(b"n", b"\r")
    assert asking.asked[1:] == [Do("refuse", {"proposal": "r1p1", "word": "no"})]
    asking = talk(**one()).types(b"n", b"no\x1b")
    assert "r: run" in asking.text


def test_the_next_few_run_unasked() -> None:
    asking = talk(ANSWERED, **one()).types(b"t", b"many\r")
    assert "A number from 1 to 100" in asking.text
    asking.types(b"\x15" + b"3\r")
    assert asking.asked[1:] == [approved("zpool status tank", times=3)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("zpool status tank", "zpool status"), ("ls -l /tmp", "ls"),
        ("sudo zfs list -r", "sudo zfs list"),
        ("/sbin/zpool list", "/sbin/zpool list"), ("uptime", "uptime"), ("(cd /; ls)", ""),
        ("cat /etc/hosts", "cat"), ("ls;rm", "ls"),
    ],
)  # fmt: skip
def test_all_of_this_kind_runs_unasked(text: str, kind: str) -> None:
    asking = talk(ANSWERED, **one(text)).types(b"k")
    assert f"> {kind}".rstrip() in asking.text
    asking.types(b"x\r")
    assert asking.asked[1:] == [approved(text, kind=f"{kind}x")]


HOLD = {"hold": "h1", "text": "do not touch tank"}


def test_a_hold_is_red_and_takes_the_word() -> None:
    asking = talk(ANSWERED, **one(holds=[HOLD]))
    assert ("HOLD: do not touch tank", RED) in asking.drawn().rows
    asking.types(b"r", b"yes\r")
    assert asking.asked == [Do("status", {})]
    asking.types(b"r", b"override\r")
    assert asking.asked[1:] == [approved("zpool status tank", override=True)]


def test_an_edit_that_touches_a_hold_takes_the_word() -> None:
    held = Error("held", "a hold is up: do not touch tank")
    asking = talk(held, ANSWERED, **one("uptime")).types(b"e", b" tank\r", b"r")
    assert "HOLD: a hold is up: do not touch tank" in asking.text
    asking.types(b"override\r")
    assert asking.asked[1:] == [approved("uptime tank"), approved("uptime tank", override=True)]


def test_a_script_is_shown_line_by_line_and_runs_only_when_all_was_seen() -> None:
    script = "\n".join(f"echo {number}" for number in range(1, 61))
    asking = talk(ANSWERED, **one(script))
    assert "  1 | echo 1" in asking.text
    asking.types(b"r")
    assert " 60 | echo 60" not in asking.text
    asking.types(b"r")
    assert " 60 | echo 60" in asking.text
    assert len(asking.asked) == 1
    asking.types(b"r")
    assert asking.asked[1:] == [approved(script)]


def test_nothing_hides_in_width() -> None:
    text = "echo ok" + " " * 300 + "; rm x  "
    rows = talk(**one(text)).text.split("\n")
    assert any("; rm x··" in row for row in rows)
    told = talk(**one("сat /etc/hosts")).text  # noqa: RUF001 - that is the point
    assert "U+0441" in told


def test_what_went_wrong_is_told_and_it_can_be_tried_again() -> None:
    wrong = Error("expired", "the grant has expired")
    asking = talk(wrong, Done(facts(**one())), ANSWERED, **one()).types(b"r")
    assert "The grant has expired." in asking.text
    assert asking.types(b"r").over


def test_a_proposal_that_is_gone_is_not_shown_again() -> None:
    asking = talk(Error("unknown", "it was withdrawn"), Done(facts()), **one()).types(b"r")
    assert "It was withdrawn." in asking.text
    assert "r: run" not in asking.text
    assert asking.types(b"x").over


def test_a_key_pressed_twice_does_not_answer_the_next() -> None:
    both = {"proposals": [proposal("one"), proposal("two", proposal="r1p2")]}
    asking = talk(Done(facts(proposals=[proposal("two", proposal="r1p2")])), ANSWERED, **both)
    assert "1 more" in asking.text
    asking.types(b"r", b"r", b"r")
    assert len(asking.asked) == 2
    assert "One more waits" in asking.text
    asking.types(b"\r")
    assert "$ two" in asking.text
    assert asking.types(b"r").asked[-1] == Do(
        "approve", {"proposal": "r1p2", "text": "two", "times": 0, "kind": "", "override": False}
    )


def test_what_is_left_for_later_is_passed_over() -> None:
    both = {"proposals": [proposal("one"), proposal("two", proposal="r1p2")]}
    asking = talk(Done(facts(proposals=[proposal("one")])), **both).types(b"\x1b")
    assert "$ two" in asking.text
    assert asking.types(b"r").over


def request(what: str) -> dict[str, Any]:
    return {"requests": [{"request": "q1", "person": "bob", "what": what}]}


@pytest.mark.parametrize(("key", "yes"), [(b"y", True), (b"n", False)])
def test_a_terminal_is_asked_for(key: bytes, yes: bool) -> None:
    asking = talk(ANSWERED, **request("terminal")).types(b"x", key)
    assert asking.asked[1:] == [Do("answer", {"request": "q1", "yes": yes})]
    assert asking.over


@pytest.mark.parametrize(
    ("what", "press"),
    [("approve", "Ctrl-] p"), ("control", "Ctrl-] c"), ("time", "jumpseat extend")],
)
def test_what_widens_is_not_given_by_one_key(what: str, press: str) -> None:
    asking = talk(ANSWERED, **request(what)).types(b"y")
    assert press in asking.text
    assert len(asking.asked) == 1
    asking.types(b"n")
    assert asking.asked[1:] == [Do("answer", {"request": "q1", "yes": False})]
