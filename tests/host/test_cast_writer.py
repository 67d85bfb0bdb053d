from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from broker.host.cast_writer import CastWriter
from broker.host.spool import Spool
from broker.recording import asciicast
from tests.journeys.recording import TERMINAL

PLENTY = 10**12


class Recording:
    """One, on a clock that goes on by a second each time that it is read."""

    def __init__(self, folder: Path, most: int) -> None:
        self.path = folder / TERMINAL
        self.spool = Spool(folder, most)
        self.logged: list[tuple[str, dict[str, Any]]] = []
        self.stopped: list[str] = []
        self._t = 0.0
        self.stream = self.spool.create(TERMINAL)
        self.writer = CastWriter(self.stream, self._clock, 80, (), self)

    def _clock(self) -> float:
        self._t += 1.0
        return self._t

    def log(self, event: str, **fields: object) -> None:
        self.logged.append((event, fields))

    def grown(self) -> None: ...

    def not_recorded(self, cause: str) -> None:
        self.stopped.append(cause)

    def events(self) -> list[str]:
        head, *lines = self.path.read_text().splitlines()
        asciicast.read_header(head)
        return [asciicast.read_event(line, at).text for at, line in enumerate(lines, 2)]


@pytest.fixture
def recording(tmp_path: Path) -> Callable[[int], Recording]:
    return lambda most: Recording(tmp_path, most)


async def test_at_the_limit_a_gap_begins_which_ends_when_the_broker_has_taken_some(
    recording: Callable[[int], Recording],
) -> None:
    one = recording(1000)
    one.writer.begin(80, 24, 0.0, {}, "t")
    one.writer.printed(b"before")
    one.writer.printed(b"x" * 2000)
    one.writer.printed(b"lost")
    assert one.stopped == ["spool-limit"]
    one.spool.limit.measured(0, PLENTY)
    one.writer.end_gap()
    one.writer.printed(b"after")
    assert one.events() == ["before", "after"]
    (begun, limit), (event, gap) = one.logged
    assert (begun, limit["what"], limit["why"]) == ("limit", "recording", "spool-limit")
    assert (event, gap["cause"]) == ("gap", "spool-limit")
    assert limit["since"] == gap["since"] < gap["until"]


async def test_a_gap_that_has_not_ended_is_told_at_the_end(
    recording: Callable[[int], Recording],
) -> None:
    one = recording(300)
    one.writer.begin(80, 24, 0.0, {}, "t")
    one.writer.printed(b"x" * 2000)
    one.writer.end(TERMINAL)
    assert [(event, fields.get("cause")) for event, fields in one.logged] == [
        ("limit", None), ("gap", "spool-limit"),
    ]  # fmt: skip


async def test_a_recording_that_began_in_a_gap_still_begins_with_its_header(
    recording: Callable[[int], Recording],
) -> None:
    one = recording(1000)
    one.spool.limit.measured(2000, PLENTY)
    one.writer.begin(80, 24, 0.0, {}, "t")
    one.writer.printed(b"lost")
    assert one.stream.end == 0
    one.spool.limit.measured(0, PLENTY)
    one.writer.end_gap()
    one.writer.printed(b"kept")
    assert one.events() == ["kept"]
