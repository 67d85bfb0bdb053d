from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.wire.errors import RemoteProtocolError
from broker.wire.names import Stream, check_id, log_name, parse_stream, terminal_name


@given(st.integers(1, 99999), st.integers(1, 999))
def test_names_are_read_as_they_are_made(run: int, terminal: int) -> None:
    assert parse_stream(log_name(run)) == Stream(run, 0)
    assert parse_stream(terminal_name(run, terminal)).name == terminal_name(run, terminal)
    assert parse_stream(log_name(run)).is_log


@pytest.mark.parametrize(
    "name",
    [
        "", ".", "..", "run-1.log/..", "../run-1.log", "/run-1.log", "run-1.log\0", "run-1.log\n",
        "run-0.log", "run-01.log", "run-1.LOG", "run-1.terminal-0.cast", "run-1.terminal-1000.cast",
        "run-100000.log", "run-1.cast", "run-\u0661.log", "session.json",
    ],
)  # fmt: skip
def test_nothing_else_is_a_stream_name(name: str) -> None:
    with pytest.raises(RemoteProtocolError):
        parse_stream(name)


def test_a_log_sorts_before_its_terminals_and_runs_by_number() -> None:
    names = ["run-10.log", "run-2.terminal-1.cast", "run-2.log"]
    assert sorted(names, key=parse_stream) == ["run-2.log", "run-2.terminal-1.cast", "run-10.log"]


@pytest.mark.parametrize("text", ["", "-a", "A", "a/b", "..", "a" * 65, "é"])
def test_ids_are_plain(text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        check_id(text, "session")
    assert check_id("a1-b2", "session") == "a1-b2"
