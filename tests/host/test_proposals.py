from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.host.proposals import (
    MOST_BYTES,
    MOST_LINES,
    MOST_PENDING,
    Proposal,
    Proposals,
    checked_text,
    keys_of,
)
from broker.host.refusal import NotDone

TERMINAL = "run-1.terminal-1.cast"


def proposed(proposals: Proposals, text: str = "uptime", person: str = "alice") -> Proposal:
    return proposals.propose("v1", person, TERMINAL, text, "", "")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        (" \n ", "empty"),
        ("echo \x1b[2J", "control-characters"),
        ("echo\tx", "control-characters"),
        ("a\rb", "control-characters"),
        ("echo \u202etxt", "control-characters"),
        ("echo a\u200bb", "control-characters"),
        ("echo \ud800", "control-characters"),
        ("x" * (MOST_BYTES + 1), "too-long"),
        ("x" * 1024 * 1024, "too-long"),
        ("x\n" * (MOST_LINES + 1), "too-long"),
        ("echo hi!there", "history-expansion"),
        ("!!", "history-expansion"),
        ('echo "!x"', "history-expansion"),
        ('echo "hi!"', "history-expansion"),
        ("^up^down", "history-expansion"),
        ("""echo "it's" !x 'y'""", "history-expansion"),
    ],
)
def test_a_text_that_would_not_run_as_it_is_shown_is_not_taken(text: str, code: str) -> None:
    with pytest.raises(NotDone) as why:
        proposed(Proposals("r1"), text)
    assert why.value.code == code
    assert why.value.message


@pytest.mark.parametrize(
    "text", ["[ ! -e x ]", "test a != b", "echo 'hi!there'", "grep '^a' f", r"echo \!x", "! true"]
)
def test_a_mark_that_no_shell_expands_is_taken(text: str) -> None:
    assert checked_text(text) == text


def test_newlines_at_the_ends_do_not_count() -> None:
    assert proposed(Proposals("r1"), "\na\nb\n\n").text == "a\nb"


def test_a_proposal_runs_once_as_it_was_approved() -> None:
    proposals = Proposals("r1")
    one = proposed(proposals)
    assert proposals.pending == [one]
    approved = proposals.approve(one.id, "bob", "asked", "uptime -p")
    assert proposals.waiting == [approved]
    assert proposals.run(one.id).text == "uptime -p"
    assert proposals.waiting == proposals.pending == []
    with pytest.raises(NotDone):
        proposals.run(one.id)


def test_the_first_answer_counts_and_a_later_one_is_told_which_it_was() -> None:
    proposals = Proposals("r1")
    one, two = proposed(proposals), proposed(proposals)
    proposals.refuse(one.id, "bob")
    with pytest.raises(NotDone, match="too late to approve it: the proposal is refused by bob"):
        proposals.approve(one.id, "eve", "asked", "uptime")
    proposals.approve(two.id, "bob", "asked", "uptime")
    with pytest.raises(NotDone, match="is approved by bob"):
        proposals.approve(two.id, "eve", "asked", "uptime")
    proposals.run(two.id)
    with pytest.raises(NotDone, match="has run, allowed by bob"):
        proposals.refuse(two.id, "eve")
    with pytest.raises(NotDone, match="no such proposal"):
        proposals.refuse("r9p9", "bob")


def test_an_edited_text_is_held_to_the_same_rules() -> None:
    proposals = Proposals("r1")
    one = proposed(proposals)
    with pytest.raises(NotDone):
        proposals.approve(one.id, "bob", "asked", "echo \x07")
    assert proposals.pending == [one]


def test_only_its_engineer_withdraws_a_proposal() -> None:
    proposals = Proposals("r1")
    one = proposed(proposals)
    with pytest.raises(NotDone):
        proposals.withdraw(one.id, "carol")
    proposals.withdraw(one.id, "alice")
    assert proposals.pending == []


def test_the_next_few_of_a_person_run_unasked() -> None:
    proposals = Proposals("r1")
    proposals.allow("alice", "bob", 2, "")
    assert proposals.unasked(proposed(proposals, person="carol")) is None
    for _ in range(2):
        unasked = proposals.unasked(proposed(proposals, "rm -r x"))
        assert unasked is not None
        assert unasked[0] == "times"
    assert proposals.unasked(proposed(proposals)) is None
    assert proposals.allowances == []


@pytest.mark.parametrize(
    ("text", "unasked"),
    [
        ("systemctl status", True),
        ("systemctl status nfs-server.service", True),
        ("systemctl statusx", False),
        ("systemctl stop x", False),
        ("systemctl status; reboot", False),
        ("systemctl status x; reboot", False),
        ("systemctl status $(reboot)", False),
        ("systemctl status `reboot`", False),
        ("systemctl status x | sh", False),
        ("systemctl status x > /etc/passwd", False),
        ("systemctl status &", False),
        ("systemctl status\nreboot", False),
        ("sudo systemctl status", False),
    ],
)
def test_a_kind_is_the_same_beginning_and_plain_words(text: str, *, unasked: bool) -> None:
    proposals = Proposals("r1")
    proposals.allow("alice", "bob", 0, "systemctl status")
    assert (proposals.unasked(proposed(proposals, text)) is not None) == unasked


@pytest.mark.parametrize("kind", ["", " ", "l", "ls ", "$x", "--", "a"])
def test_a_kind_that_would_allow_almost_anything_is_none(kind: str) -> None:
    proposals = Proposals("r1")
    one = proposed(proposals, "ls -l")
    if kind:
        with pytest.raises(NotDone):
            proposals.check_approval(one.id, one.text, 0, kind)


def test_a_kind_must_be_that_of_the_line_itself() -> None:
    proposals = Proposals("r1")
    one = proposed(proposals, "ls -l; reboot")
    with pytest.raises(NotDone, match="must be of this kind"):
        proposals.check_approval(one.id, one.text, 0, "ls -l")


@pytest.mark.parametrize("times", [-1, 101, 10**9])
def test_not_more_than_a_hundred_at_once(times: int) -> None:
    proposals = Proposals("r1")
    one = proposed(proposals)
    with pytest.raises(NotDone):
        proposals.check_approval(one.id, one.text, times, "")


def test_clearing_leaves_nothing_that_could_run() -> None:
    proposals = Proposals("r1")
    waiting, pending = proposed(proposals), proposed(proposals)
    proposals.approve(waiting.id, "bob", "asked", "uptime")
    proposals.allow("alice", "bob", 5, "")
    assert {one.id for one in proposals.clear()} == {waiting.id, pending.id}
    assert proposals.pending == proposals.waiting == []
    assert proposals.allowances == []
    assert proposals.unasked(proposed(proposals)) is None


def test_a_customer_is_not_asked_without_end() -> None:
    proposals = Proposals("r1")
    for _ in range(MOST_PENDING):
        proposed(proposals)
    with pytest.raises(NotDone):
        proposed(proposals)


def test_old_answers_are_forgotten_and_open_questions_are_not() -> None:
    proposals = Proposals("r1")
    kept = proposed(proposals)
    first = proposed(proposals)
    proposals.refuse(first.id, "bob")
    for _ in range(300):
        proposals.refuse(proposed(proposals).id, "bob")
    assert proposals.pending == [kept]
    with pytest.raises(NotDone, match="no such proposal"):
        proposals.refuse(first.id, "bob")


@given(st.text(max_size=200))
def test_what_is_taken_is_typed_as_text_and_nothing_else(text: str) -> None:
    try:
        checked = checked_text(text)
    except NotDone:
        return
    keys = keys_of(checked, bracketed=True)
    assert keys == b"\x1b[200~" + checked.encode() + b"\x1b[201~\r"
    assert keys.count(b"\x1b") == 2
    if "\n" not in checked:
        assert keys_of(checked, bracketed=False) == checked.encode() + b"\r"


def test_several_lines_are_typed_only_where_they_are_taken_as_one() -> None:
    with pytest.raises(ValueError, match="several lines"):
        keys_of("a\nb", bracketed=False)
