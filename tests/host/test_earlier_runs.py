from __future__ import annotations

from pathlib import Path

from broker.host.earlier_runs import last_boot, last_told, told_until
from broker.host.spool import StreamFile

_STARTED = (
    '{"t": %s, "event": "started", "boot": "%s", "format": 1, "session": "s", "run": 1, '
    '"wall": 1, "version": "1", "host": "h", "recorder": {}, "shell": {}, "protected": false, '
    '"grant": {}}\n'
)
_GAP = '{"t": %s, "event": "gap", "since": 1.0, "until": 2.0, "cause": "%s"}\n'


def streams(folder: Path, **logs: str) -> dict[str, StreamFile]:
    for run, text in logs.items():
        (folder / f"run-{run[1:]}.log").write_text(text)
    return {path.name: StreamFile(path, create=False) for path in folder.iterdir()}


def test_a_run_that_could_not_log_its_gap_is_in_the_next_ones(tmp_path: Path) -> None:
    told = _STARTED % (10.0, "a") + _GAP % (10.1, "recorder-stopped")
    full = _STARTED % (12.0, "a") + _GAP % (13.0, "disk-full")
    logs = streams(
        tmp_path, r1=_STARTED % (1.0, "a"), r2=told, r3=_STARTED % (11.0, "a"), r4=full, r5=""
    )
    assert told_until(logs, rebooted=False, safe=True) == 10.1


def test_the_first_run_has_no_gap_ahead_of_it(tmp_path: Path) -> None:
    assert (
        told_until(streams(tmp_path, r1=_STARTED % (1.0, "a"), r2=""), rebooted=False, safe=True)
        == 1.0
    )
    assert told_until({}, rebooted=True, safe=True) == 0.0


def test_after_a_loss_of_power_the_gap_begins_where_the_first_stream_ends(tmp_path: Path) -> None:
    """The log's last line may have reached the disk, and what was printed before it not."""
    recording = tmp_path / "run-1.terminal-1.cast"
    recording.write_text('{"version": 2}\n[19.0, "o", "printed"]\n')
    logs = streams(tmp_path, r1=_STARTED % (20.0, "a"))
    assert told_until(logs, rebooted=False, safe=True) == 20.0
    assert told_until(logs, rebooted=True, safe=True) == 19.0
    # A terminal that has long been quiet makes no long gap.
    recording.write_text('{"version": 2}\n[2.0, "o", "printed"]\n')
    logs = streams(tmp_path, r1=_STARTED % (20.0, "a"))
    assert told_until(logs, rebooted=True, safe=True) == 10.0


def test_what_could_not_be_made_safe_is_no_more_than_a_gap(tmp_path: Path) -> None:
    """A loss of power may take it, and the telling of gaps that came just before, too."""
    told = _STARTED % (100.0, "a") + _GAP % (100.1, "recorder-stopped")
    late = '{"t": 130.0, "event": "ended", "by": "x", "why": "y"}\n'
    logs = streams(tmp_path, r1=_STARTED % (1.0, "a"), r2=told)
    assert told_until(logs, rebooted=False, safe=True) == 100.1
    assert told_until(logs, rebooted=False, safe=False) == 1.0  # of the gap that run 2 tells
    logs = streams(tmp_path, r1=_STARTED % (1.0, "a"), r2=told + late)
    assert told_until(logs, rebooted=False, safe=False) == 120.0
    assert told_until(logs, rebooted=True, safe=False) == 120.0
    assert last_told(logs) == 2


def test_a_recording_that_stood_still_when_its_run_was_killed(tmp_path: Path) -> None:
    """Its gap was never told; the log went on beside it."""
    begun = '{"t": %s, "event": "limit", "what": "recording", "why": "disk-full", "since": %s}\n'
    over = '{"t": 7.0, "event": "gap", "since": 5.0, "until": 7.0, "cause": "disk-full"}\n'
    full = _STARTED % (1.0, "a") + begun % (5.0, 5.0) + over + begun % (8.0, 8.0)
    logs = streams(tmp_path, r1=full + over.replace("7.0", "9.0"))
    assert told_until(logs, rebooted=False, safe=True) == 8.0
    # It went on later, and a loss of power took the line that told of it.
    (tmp_path / "run-1.terminal-1.cast").write_text('{"version": 2}\n[12.0, "o", "printed"]\n')
    logs = streams(tmp_path, r1=full + over.replace("7.0", "9.0"))
    assert told_until(logs, rebooted=True, safe=True) == 8.0


def test_a_boot_is_known_from_the_last_run_that_told_it(tmp_path: Path) -> None:
    logs = streams(tmp_path, r1=_STARTED % (1.0, "a"), r2=_STARTED % (2.0, "b"), r3="", r4="")
    assert last_boot(logs, 3) == "b"
    assert last_boot(logs, 1) == "a"
    assert last_boot({}, 1) == ""
