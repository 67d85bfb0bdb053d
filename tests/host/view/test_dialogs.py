from __future__ import annotations

from broker.host.view import dialogs
from broker.wire.messages import Consent, Consented, Do, Done, Error
from tests.host.facts import SECOND, TERMINAL, facts
from tests.host.view.talk import Talk

CONSENT = Consent(7, "bob asks for: mode control.\n\n  They may TYPE.", "I agree")


def test_any_key_closes_the_status() -> None:
    talk = Talk(dialogs.status(TERMINAL, "Ctrl-]"), Done(facts()))
    assert talk.asked == [Do("status", {})]
    assert "pool is degraded" in talk.text
    assert talk.types(b"x").over


def test_a_recorder_that_does_not_tell_is_told() -> None:
    talk = Talk(dialogs.status(TERMINAL, "Ctrl-]"), Error("gone", "the recorder is gone"))
    assert "The recorder is gone." in talk.text
    assert talk.types(b"x").over


def test_what_is_narrower_shows_nothing() -> None:
    talk = Talk(dialogs.wanted("mode", mode="watch"), Done(facts()))
    assert talk.over
    assert talk.asked == [Do("mode", {"mode": "watch"})]


def test_a_wider_mode_takes_typed_words() -> None:
    talk = Talk(dialogs.wanted("mode", mode="control"), CONSENT, Done(facts()))
    assert "  They may TYPE." in talk.text.split("\n")
    assert 'Type "I agree"' in talk.text
    assert talk.types(b"I agree\r").over
    assert talk.asked[-1] == Consented(7, "I agree")


def test_esc_and_enter_alone_are_no() -> None:
    for keys in (b"\x1b", b"\r", b"I agree\x1b"):
        refused = Error("declined", "not done")
        talk = Talk(dialogs.wanted("mode", mode="control"), CONSENT, refused).types(keys)
        assert talk.asked[-1] == Consented(7, "")
        assert "Not done." in talk.text


def test_a_long_text_has_to_be_shown_before_it_is_agreed_to() -> None:
    long = Consent(1, "\n".join(f"term {number}" for number in range(40)), "I agree")
    talk = Talk(dialogs.consent(long)).types(b"I agree\r")
    assert not talk.over
    assert talk.types(b"\r").over
    assert talk.result == "I agree"


def test_consent_can_not_be_painted_over() -> None:
    talk = Talk(dialogs.consent(Consent(1, "a\x1b[2J\rb", "I \x07agree")))
    assert "a?[2J" in talk.text
    assert "I ?agree" in talk.text


def test_only_y_revokes() -> None:
    assert Talk(dialogs.revoke()).types(b"n").asked == []
    assert Talk(dialogs.revoke()).types(b"\x1b[200~y\x1b[201~").asked == []
    assert Talk(dialogs.revoke(), Done(facts())).types(b"y").asked == [Do("revoke", {})]


def test_a_note_is_told_and_one_that_is_none_can_be_put_right() -> None:
    wrong = Error("bad-note", "a note needs words")
    talk = Talk(dialogs.note(), wrong, Done(facts())).types(b" \r")
    assert "A note needs words." in talk.text
    assert talk.types(b"the MTU was wrong\r").over
    assert talk.asked[-1] == Do("note", {"text": " the MTU was wrong"})
    for keys in (b"\r", b"\x1b", b"x\x1b"):
        talk = Talk(dialogs.note()).types(keys)
        assert (talk.over, talk.asked) == (True, [])


def test_a_terminal_by_its_number() -> None:
    both = [{"name": TERMINAL, "number": 1}, {"name": SECOND, "number": 2}]
    assert Talk(dialogs.terminal(2), Done(facts(terminals=both))).result == SECOND
    talk = Talk(dialogs.terminal(3), Done(facts(terminals=both)))
    assert "There is no terminal 3; there is 1, 2." in talk.text
    assert talk.types(b"x").result == ""
