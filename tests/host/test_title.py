from __future__ import annotations

from dataclasses import replace

from broker.host.title import title
from broker.recording.grant import Away, Grant, Mode, Standing

GRANT = Grant(Mode.APPROVE, Away.PAUSE, 7200.0)


def test_who_what_and_how_long() -> None:
    told = title(GRANT, 600.0, asked=0, link="up", people=["alice", "carol"])
    assert told == "jumpseat · approve · alice, carol watching · recorded · 110 min left"


def test_what_waits_for_an_answer_comes_first() -> None:
    assert title(GRANT, 0.0, asked=2, link="up", people=[]).startswith("jumpseat · 2 to answer · ")


def test_what_is_not_in_force_has_no_time_left() -> None:
    for standing, word in (
        (Standing.TAKEN_BACK, "TAKEN BACK"),
        (Standing.EXPIRED, "expired"),
        (Standing.REVOKED, "revoked"),
    ):
        told = title(replace(GRANT, standing=standing), 0.0, asked=0, link="up", people=["alice"])
        assert told == f"jumpseat · {word} · alice watching · recorded"


def test_a_link_that_is_not_up_is_told_in_place_of_who_watches() -> None:
    assert "link lost" in title(GRANT, 0.0, asked=0, link="lost", people=[])
    assert "disconnected" in title(GRANT, 0.0, asked=0, link="disconnected", people=[])
