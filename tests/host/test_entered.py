from __future__ import annotations

from broker.host.entered import LINE_SECONDS, SHARES_SECONDS, Entered


def test_an_entry_waits_for_its_line_but_not_for_ever() -> None:
    entered = Entered()
    entered.enter({"alice": 3}, 10.0)
    assert not entered.due(10.0, coming=True)
    assert entered.due(10.0 + LINE_SECONDS, coming=True)
    entered.tell(["ls"], 10.1)
    assert entered.due(10.1, coming=False)
    assert entered.take(10.1, coming=False) == {"shares": {"alice": 3}, "line": "ls"}
    assert not entered.waits


def test_lines_that_are_entered_fast_share_an_entry() -> None:
    entered = Entered()
    entered.enter({"alice": 3}, 10.0)
    assert entered.take(10.0, coming=False) == {"shares": {"alice": 3}}
    entered.enter({"alice": 1}, 10.01)
    entered.enter({"bob": 2, "alice": 1}, 10.02)
    entered.tell(["a", "", None, "b"], 10.03)
    assert entered.typists == ["alice", "bob"]
    assert not entered.due(10.03, coming=False)
    assert entered.due(10.01 + SHARES_SECONDS, coming=False)
    assert entered.take(10.2, coming=False) == {"shares": {"alice": 2, "bob": 2}, "line": "a\n…\nb"}
    assert entered.typists == ["alice", "bob"]


def test_many_lines_do_not_wait_for_more() -> None:
    entered = Entered()
    entered.take(10.0, coming=False)
    entered.enter({}, 10.0)
    entered.tell(["x" * 300, "y" * 300], 10.0)
    assert entered.due(10.0, coming=False)


def test_a_line_that_comes_late_has_an_entry_with_who_typed_it() -> None:
    entered = Entered()
    entered.enter({"alice": 7}, 10.0)
    entered.take(12.0, coming=True)
    entered.tell([None], 13.0)
    assert not entered.waits
    entered.tell(["sleep 9"], 19.0)
    assert entered.take(19.0, coming=False) == {"shares": {"alice": 0}, "line": "sleep 9"}


def test_no_line_is_told_where_none_can_be() -> None:
    entered = Entered()
    entered.enter({"alice": 7}, 10.0)
    entered.tell([None, ""], 10.0)
    assert entered.take(10.0, coming=False) == {"shares": {"alice": 7}}


def test_who_typed_last_is_who_pressed_enter_last() -> None:
    entered = Entered()
    entered.enter({"customer": 20}, 10.0)
    assert not entered.of_others({"customer": 3}, 11.0)
    assert entered.of_others({"alice": 3}, 11.0)
    assert not entered.of_others({"alice": 3}, 10.0 + SHARES_SECONDS / 2)
    assert entered.take(11.0, coming=True) == {"shares": {"customer": 20}}
    entered.enter({"alice": 3}, 11.0)
    assert entered.typists == ["alice"]


def test_lines_that_come_late_are_of_all_who_may_have_typed_them() -> None:
    entered = Entered()
    entered.enter({"customer": 2}, 10.0)
    entered.take(12.0, coming=True)
    entered.enter({"alice": 3}, 12.5)
    entered.take(14.5, coming=True)
    entered.tell(["ls"], 60.0)
    assert entered.take(60.0, coming=True) == {"shares": {"alice": 0, "customer": 0}, "line": "ls"}
    entered.tell(["pwd"], 61.0)
    assert entered.take(61.0, coming=False)["shares"] == {"alice": 0, "customer": 0}
    entered.enter({"alice": 2}, 70.0)
    entered.tell(["id"], 70.0)
    assert entered.take(70.0, coming=False) == {"shares": {"alice": 2}, "line": "id"}


def test_whoever_goes_on_typing_does_not_keep_an_entry_waiting() -> None:
    entered = Entered()
    entered.enter({"alice": 3}, 10.0)
    entered.enter({"alice": 3}, 11.5)
    assert entered.due(10.0 + LINE_SECONDS, coming=True)
