from __future__ import annotations

from typing import Any

from broker.recording.absences import Absence, absences


def entry(event: str, t: float, **fields: object) -> dict[str, Any]:
    return {"event": event, "t": float(t), **fields}


def spans(found: list[Absence]) -> list[tuple[float, float | None, str]]:
    return [(one.since, one.until, one.says) for one in found]


def test_leaving_and_coming_back() -> None:
    found = absences(
        [
            entry("attached", 1),
            entry("detached", 10, why="terminal closed"),
            entry("attached", 70),
            entry("detached", 90, why="detached"),
        ]
    )
    assert spans(found) == [
        (10.0, 70.0, "the customer left (terminal closed)"),
        (90.0, None, "the customer left (detached)"),
    ]


def test_a_seat_that_another_window_took_is_no_leaving() -> None:
    taken = entry("detached", 10, why="seat taken")
    assert absences([entry("attached", 1), taken, entry("attached", 10)]) == []


def test_the_link_and_the_seat_must_both_be_back() -> None:
    found = absences(
        [
            entry("disconnected", 10),
            entry("detached", 20, why="terminal closed"),
            entry("link_up", 50, cause="reconnected", since=10),
            entry("attached", 60),
        ]
    )
    assert spans(found) == [
        (10.0, 60.0, "disconnected by the customer, the customer left (terminal closed)")
    ]


def test_the_cause_of_a_lost_link_is_known_on_return() -> None:
    lost = entry("link_lost", 104, why="silent", since=100)
    assert spans(absences([lost])) == [(100.0, None, "link lost, cause not known yet")]
    back = entry("link_up", 150, cause="network lost", since=100)
    assert spans(absences([lost, back])) == [(100.0, 150.0, "the network was lost")]


def test_a_lost_link_that_is_cut_as_well_was_first_lost() -> None:
    found = absences(
        [
            entry("link_lost", 104, why="silent", since=100),
            entry("disconnected", 120),
            entry("link_up", 150, cause="reconnected", since=100),
        ]
    )
    assert [(part.kind, part.since, part.until) for part in found[0].parts] == [
        ("link-lost", 100.0, 120.0),
        ("disconnected", 120.0, 150.0),
    ]


def test_a_sleep_and_the_link_that_it_cost_are_one_absence() -> None:
    found = absences(
        [
            entry("stood_still", 900, since=100, until=900, cause="asleep"),
            entry("link_lost", 900, why="reset", since=99),
            entry("link_up", 905, cause="asleep", since=99),
        ]
    )
    assert spans(found) == [(99.0, 905.0, "the host slept")]


def test_a_recorder_that_was_stopped_left_nobody_and_no_link() -> None:
    found = absences(
        [
            entry("attached", 1),
            entry("gap", 60, since=50, until=60, cause="rebooted"),
            entry("link_up", 61, cause="rebooted", since=50),
            entry("attached", 65),
        ]
    )
    assert spans(found) == [(50.0, 65.0, "the host was rebooted")]


def test_the_end_of_the_session_ends_an_absence() -> None:
    found = absences([entry("detached", 10, why="terminal closed"), entry("ended", 30)])
    assert found[0].until == 30.0
