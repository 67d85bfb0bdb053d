from __future__ import annotations

import pytest

from broker.recording.outcome import has_failed, outcome, signal_of


@pytest.mark.parametrize(
    ("over", "status", "words"),
    [
        ("ended", 0, "exit 0"), ("ended", 127, "exit 127"), ("ended", 137, "SIGKILL (137)"),
        ("ended", None, "ended"), ("stopped", 148, "stopped"), ("lost", None, "lost"),
        ("running", None, "running"), ("inferred", None, ""),
    ],
)  # fmt: skip
def test_how_a_command_ended(over: str, status: int | None, words: str) -> None:
    assert outcome(status, over) == words
    assert has_failed(status, over) == (words in ("exit 127", "SIGKILL (137)"))


def test_signals_have_names_where_every_machine_has_the_same() -> None:
    assert [signal_of(status) for status in (130, 137, 139, 143)] == [
        "SIGINT", "SIGKILL", "SIGSEGV", "SIGTERM",
    ]  # fmt: skip
    assert [signal_of(status) for status in (0, 1, 128, 135, 148, 255, 256 + 130)] == [""] * 7
