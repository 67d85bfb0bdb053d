from __future__ import annotations

from dataclasses import replace

import pytest

from broker.host.consent import Asked, plain, refusal, terms
from broker.recording.grant import Away, Mode

ASKED = Asked(
    broker="https://broker.example",
    case="pool is degraded",
    engineer="alice",
    mode=Mode.CONTROL,
    away=Away.PAUSE,
    seconds=1800,
    user="carol",
    protected=True,
    folder="/var/lib/jumpseat",
    program="jumpseat",
)


def test_the_terms_say_who_what_how_long_and_how_to_take_it_back() -> None:
    text = " ".join(terms(ASKED).split())
    for words in (
        "alice asks", "case pool is degraded", "broker https://broker.example", "for 30 min",
        "AND TYPE INTO IT", "Everything that it prints is recorded", "by root: carol",
        "their typing is held off", "jumpseat disconnect", "jumpseat end",
    ):  # fmt: skip
        assert words in text


def test_who_only_watches_has_no_typing_to_hold_off() -> None:
    watch = replace(ASKED, mode=Mode.WATCH)
    assert "held off" not in terms(watch)
    assert "the session ends" in terms(replace(watch, away=Away.END))


def test_weak_evidence_is_called_weak() -> None:
    weak = " ".join(terms(replace(ASKED, protected=False)).split())
    assert "as carol, whose shell it is and who could change it: weaker evidence. With sudo" in weak
    assert "With sudo" not in terms(replace(ASKED, protected=False, user="root"))


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("away", list(Away))
def test_no_line_is_wider_than_a_terminal(mode: Mode, away: Away) -> None:
    assert max(map(len, terms(replace(ASKED, mode=mode, away=away)).splitlines())) <= 80


def test_a_broker_can_not_paint_over_the_terms() -> None:
    text = terms(replace(ASKED, case="x\x1b[2J\r\n\x9b31m\u202ey", engineer="e" * 1000))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "x?[2J" in text
    assert "e" * 201 not in text
    assert plain("grün 漢") == "grün 漢"


@pytest.mark.parametrize("answer", ["", "y", "yes", "i agree", "I AGREE", "I agree not", "agree"])
def test_only_the_words_are_consent(answer: str) -> None:
    assert refusal(answer) is not None
    assert refusal(" I agree ") is None
