from __future__ import annotations

import pytest

from broker.recording.timeline import Stretch, as_json, duration, label, tell


def entry(t: float, event: str, **fields: object) -> dict[str, object]:
    return {"t": t, "event": event, **fields}


STORY = [
    entry(0, "started"),
    entry(1, "attached", terminal="run-1.terminal-1.cast"),
    entry(2, "link_up", cause="", since=2),
    entry(3, "joined", viewer="v1", person="alice"),
    entry(10, "link_lost", why="the broker is silent"),
    entry(20, "disconnected"),
    entry(50, "reconnected"),
    entry(51, "link_up", cause="network lost", since=10),
    entry(400, "idle", since=100),
    entry(410, "active"),
    entry(420, "detached", why="terminal closed"),
]


def test_stretches_open_close_and_may_last() -> None:
    assert [(one.kind, one.since, one.until) for one in tell(STORY).stretches] == [
        ("link-lost", 10, 20),
        ("disconnected", 20, 51),
        ("idle", 100, 410),
        ("away", 420, None),
    ]


def test_moments_are_worded_for_people() -> None:
    told = [moment.label for moment in tell(STORY).moments]
    assert told == [
        "customer at the terminal",
        "connected",
        "alice joined",
        "link lost",
        "disconnected by the customer",
        "the customer reconnects",
        "link back after 41 s: the network was lost",
        "customer idle",
        "customer back at the keyboard",
        "customer away: terminal closed",
    ]
    assert tell(STORY).last == 420


def test_a_login_of_somebody_else_is_a_moment() -> None:
    login = {"user": "carol", "tty": "pts/3", "from": "10.0.0.7"}
    assert label(entry(5, "opened", terminal="x", login=login)) == (
        "carol logs in on pts/3 from 10.0.0.7"
    )
    assert label(entry(5, "opened", terminal="x", login={**login, "from": ""})) == (
        "carol logs in on pts/3"
    )
    assert label(entry(1, "opened", terminal="x")) is None


def test_a_new_run_closes_what_the_last_one_left_open_and_shows_the_gap() -> None:
    timeline = tell([
        *STORY,
        entry(500, "started"),
        entry(500, "gap", since=430, until=500, cause="recorder-stopped"),
    ])  # fmt: skip
    assert timeline.stretches[-2:] == (
        Stretch("away", 420, 500, "customer away"),
        Stretch("gap", 430, 500, "gap: recorder stopped"),
    )


def test_json_has_what_the_page_reads() -> None:
    told = as_json(tell(STORY))
    assert set(told) == {"last", "moments", "stretches"}
    assert told["moments"][2] == {"t": 3.0, "kind": "joined", "label": "alice joined"}
    assert told["stretches"][3]["until"] is None


def test_entries_that_nobody_jumps_to_have_no_label() -> None:
    assert label(entry(0, "started")) is None
    assert label(entry(0, "from a later version")) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (7800, "2 h 10 min")],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_host_that_slept_what_changed_on_it_and_what_the_customer_says_of_it() -> None:
    told = tell(
        [
            entry(90, "stood_still", since=10, until=90, cause="asleep"),
            entry(95, "drift", changes=[["links", "eth1", "mtu", "1500", "9000", None]], more=0),
            entry(99, "noted", by="carol", text="jumbo frames,\nfor the switch"),
        ]
    )
    assert [moment.label for moment in told.moments] == [
        "the host slept for 80 s",
        "1 change found on the host",
        "carol notes: jumbo frames, …",
    ]
    assert told.stretches == (Stretch("asleep", 10, 90, "the host slept"),)
