from __future__ import annotations

from typing import Any

import pytest

from broker.host import choices
from broker.host.choices import Choices, Drift, Others, changed
from broker.recording.grant import Away, Mode, Page

CHOICES = Choices(
    Mode.APPROVE, 7200.0, Away.PAUSE, Page.WATCH, 1, Drift.ON, Others.JOURNAL, ("key:",),
    choices.DEFAULT_SPOOL,
)  # fmt: skip
MOST = 8 * 3600.0


@pytest.mark.parametrize(
    ("text", "seconds"), [("30m", 1800), ("2h", 7200), ("1h30m", 5400), ("90s", 90), ("1h1s", 3601)]
)
def test_lengths_of_time(text: str, seconds: float) -> None:
    assert choices.seconds_of(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "30", "m", "-1h", "1d", "1m1h", "0s", "1.5h", " 1h", "\u0661h"]
)
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"time|lasts"):
        choices.seconds_of(text)


def test_two_hours_unless_told_and_never_more_than_the_broker_allows() -> None:
    assert choices.seconds_within(None, MOST) == 7200
    assert choices.seconds_within(None, 600) == 600
    assert choices.seconds_within(MOST, MOST) == MOST
    with pytest.raises(ValueError, match="at most 8 h"):
        choices.seconds_within(MOST + 1, MOST)


@pytest.mark.parametrize(
    ("read", "text", "told"),
    [
        (choices.mode_of, "write", "'write' is no mode: watch, approve or control"),
        (choices.mode_of, "", "is no mode"),
        (choices.away_of, "stay", "pause, continue or end"),
        (choices.page_of, "on", "off, watch or approve"),
        (choices.drift_of, "no", "'no' is no choice for drift: on or off"),
        (choices.others_of, "on", "'on' is no choice for others: record, journal or off"),
        (choices.size_of, "0M", "'0M' is no size: write 500M or 2G"),
        (choices.size_of, "500", "no size"),
        (choices.size_of, "1.5G", "no size"),
        (choices.size_of, "12345G", "no size"),
        (choices.case_of, " ", "1 to 200 characters"),
        (choices.case_of, "x" * 201, "1 to 200 characters"),
        (choices.case_of, "a\nb", "can be printed"),
        (choices.mask_of, "a=", "3 to 60 characters"),
        (choices.mask_of, " " * 9, "3 to 60 characters"),
        (choices.mask_of, "x" * 61, "3 to 60 characters"),
        (choices.mask_of, "a\x1bb=", "can be printed"),
        (choices.terminals_of, "0", "from 1 to 9"),
        (choices.terminals_of, "10", "from 1 to 9"),
        (choices.terminals_of, "-1", "from 1 to 9"),
        (choices.terminals_of, "\u0661", "from 1 to 9"),
        (choices.terminals_of, "9" * 100000, "from 1 to 9"),
        (choices.prefix_of, "]", "no control key: write"),
        (choices.prefix_of, "^]x", "no control key"),
        (choices.prefix_of, "^1", "no control key"),
        (choices.prefix_of, "^[", "no control key"),
        (choices.prefix_of, "^é", "no control key"),
        (choices.prefix_of, "", "no control key"),
        (choices.prefix_of, "^m", r"\^M is what Enter sends"),
        (choices.prefix_of, "^I", "Tab"),
    ],
)  # fmt: skip
def test_bad_values_are_told_in_a_sentence(read: Any, text: str, told: str) -> None:  # noqa: ANN401
    with pytest.raises(ValueError, match=told):
        read(text)


def test_prefix_keys_are_the_bytes_that_they_send() -> None:
    assert choices.prefix_of("^]") == b"\x1d"
    assert choices.prefix_of("^b") == choices.prefix_of("^B") == b"\x02"
    assert choices.prefix_of("^\\") == b"\x1c"
    assert choices.prefix_of("^_") == b"\x1f"


@pytest.mark.parametrize(
    ("typed", "field", "value"),
    [
        ("mode watch", "mode", Mode.WATCH),
        ("  mode   control ", "mode", Mode.CONTROL),
        ("for 30m", "seconds", 1800.0),
        ("away end", "away", Away.END),
        ("page off", "page", Page.OFF),
        ("terminals 2", "terminals", 2),
        ("drift off", "drift", Drift.OFF),
        ("others record", "others", Others.RECORD),
        ("mask pin=", "masks", ("key:", "pin=")),
        ("--mask  the word is ", "masks", ("key:", "the word is")),
        ("mask key:", "masks", ("key:",)),
        ("spool 500m", "spool", 500 * 1024**2),
        ("--mode watch", "mode", Mode.WATCH),
    ],
)
def test_each_choice_can_be_changed_at_the_terms(typed: str, field: str, value: object) -> None:
    after = changed(CHOICES, typed, MOST)
    assert after is not None
    assert getattr(after, field) == value
    assert changed(after, "I agree", MOST) is None


def test_sizes_are_told_as_they_are_written() -> None:
    assert [choices.size(choices.size_of(text)) for text in ("1M", "1500m", "2g", "1024M")] == [
        "1M", "1500M", "2G", "1G",
    ]  # fmt: skip


@pytest.mark.parametrize("typed", ["mode watch", "away end", "page off", "terminals 2"])
def test_where_nobody_joins_nothing_is_chosen_for_them(typed: str) -> None:
    with pytest.raises(ValueError, match="nobody joins an offline session"):
        changed(CHOICES, typed, MOST, offline=True)
    assert changed(CHOICES, "for 1h", MOST, offline=True) is not None


@pytest.mark.parametrize("typed", ["", " ", "I agree", "y", "no", "modes watch", "Mode watch"])
def test_anything_else_is_no_change(typed: str) -> None:
    assert changed(CHOICES, typed, MOST) is None


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("mode", "as in: mode watch"),
        ("mode watch now", "as in: mode watch"),
        ("mode all", "is no mode"),
        ("for ever", "no length of time"),
        ("for 9h", "at most 8 h"),
        ("away", "as in: away end"),
        ("terminals two", "from 1 to 9"),
        ("others", "as in: others off"),
        ("mask", "3 to 60 characters"),
    ],
)
def test_nonsense_is_told_and_changes_nothing(typed: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        changed(CHOICES, typed, MOST)
