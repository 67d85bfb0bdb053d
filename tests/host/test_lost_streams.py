from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from broker.host.lost_streams import Lost, lost
from broker.host.spool import StreamFile
from broker.recording.session_log import encode

FIRST, SECOND = "run-1.terminal-1.cast", "run-1.terminal-2.cast"
NOW = 100.0
CAST = b'{"version": 2}\n[12.0, "o", "x"]\n[20.0, "o", "y"]\n'


def opened(t: float, terminal: str) -> bytes:
    return encode(t, "opened", terminal=terminal, cols=80, rows=24)


LOG = (
    opened(10.0, FIRST)
    + opened(30.0, SECOND)
    + encode(40.0, "closed", terminal=SECOND, status=0)
    + encode(50.0, "idle", since=1.0)
)
WHOLE = {"run-1.log": LOG, FIRST: CAST, SECOND: CAST}


@pytest.fixture
def missing(tmp_path: Path) -> Any:  # noqa: ANN401 - a function
    def found(files: dict[str, bytes], signed: dict[str, int], last_run: int = 1) -> list[Lost]:
        for name, data in files.items():
            (tmp_path / name).write_bytes(data)
        streams = {name: StreamFile(tmp_path / name, create=False) for name in files}
        return lost(streams, signed, last_run, NOW)

    return found


def without(name: str) -> dict[str, bytes]:
    return {one: data for one, data in WHOLE.items() if one != name}


def test_what_is_all_there_is_not_lost(missing: Any) -> None:  # noqa: ANN401
    assert missing(WHOLE, {}) == []
    assert missing(WHOLE, {name: len(data) for name, data in WHOLE.items()}) == []


def test_a_recording_that_is_gone(missing: Any) -> None:  # noqa: ANN401
    assert missing(without(SECOND), {}) == [Lost(SECOND, 30.0, 40.0)]


def test_one_that_was_open_to_the_last(missing: Any) -> None:  # noqa: ANN401
    assert missing(without(FIRST), {}) == [Lost(FIRST, 10.0, 50.0)]


def test_one_that_is_shorter_than_was_signed_for(missing: Any) -> None:  # noqa: ANN401
    assert missing(WHOLE, {FIRST: len(CAST) + 1}) == [Lost(FIRST, 20.0, 50.0)]


def test_a_log_that_is_gone_takes_with_it_what_it_knew_of_terminals(missing: Any) -> None:  # noqa: ANN401
    later = {"run-2.log": encode(70.0, "idle", since=1.0)}
    signed = {"run-1.log": len(LOG), FIRST: len(CAST)}
    assert missing(later, signed, 2) == [Lost("run-1.log", 0.0, 70.0), Lost(FIRST, 0.0, 70.0)]


def test_what_was_told_is_not_told_again_unless_more_is_missing(missing: Any) -> None:  # noqa: ANN401
    told = encode(60.0, "gap", since=20.0, until=50.0, cause="stream-lost", stream=FIRST)
    later = {"run-2.log": told}
    assert missing({**WHOLE, **later}, {FIRST: len(CAST) + 1}, 2) == []
    assert missing({**without(FIRST), **later}, {}, 2) == [Lost(FIRST, 10.0, 50.0)]


def test_a_broker_can_not_make_up_streams(missing: Any) -> None:  # noqa: ANN401
    made_up = {"run-1.terminal-9.cast": 5, "run-7.log": 5, "../etc": 5, "receipts": 5}
    assert missing(WHOLE, made_up) == []
