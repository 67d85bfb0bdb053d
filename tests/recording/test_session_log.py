from __future__ import annotations

import pytest

from broker.recording.session_log import EVENTS, BadLog, decode, encode


def test_entries_read_back() -> None:
    line = encode(1.23456789, "detached", terminal="run-1.terminal-1.cast", why="closed; é")
    assert decode(line.decode()) == {
        "t": 1.234568, "event": "detached", "terminal": "run-1.terminal-1.cast",
        "why": "closed; é",
    }  # fmt: skip
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1


def test_what_is_missing_is_named_when_written_and_when_read() -> None:
    with pytest.raises(ValueError, match="person"):
        encode(0, "joined", viewer="v1")
    with pytest.raises(BadLog, match="person"):
        decode('{"t": 0, "event": "joined", "viewer": "v1"}')
    with pytest.raises(KeyError):
        encode(0, "invented")


@pytest.mark.parametrize(
    "line", ["", "[]", "1", '{"t": 1}', '{"event": "idle"}', '{"t": "1"}', "{"]
)
def test_what_is_no_entry_is_refused(line: str) -> None:
    with pytest.raises(BadLog):
        decode(line)


def test_events_of_later_versions_are_let_through() -> None:
    assert decode('{"t": 1, "event": "blessed"}')["event"] == "blessed"
    assert "blessed" not in EVENTS
