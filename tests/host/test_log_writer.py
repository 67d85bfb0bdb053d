from __future__ import annotations

import resource
from pathlib import Path

from broker.host.log_writer import LogWriter
from broker.host.spool import Spool


class Log:
    """A log of one run, and what it told of itself."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "run-1.log"
        self.labels: list[str] = []
        self.grown = 0
        spool = Spool(folder)
        self.writer = LogWriter(
            spool.create("run-1.log"), spool, lambda: 1.5, self.labels.append, self._grew
        )

    def _grew(self) -> None:
        self.grown += 1

    def lines(self) -> int:
        return self.path.read_bytes().count(b"\n")


def test_entries_are_written_at_once_and_labelled_where_people_jump_to_them(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.writer.write("joined", viewer="v1", person="alice")
    log.writer.write("opened", terminal="run-1.terminal-1.cast", cols=80, rows=24)
    assert log.lines() == 2
    assert log.labels == ["alice joined"]
    assert log.grown == 2
    assert not log.writer.behind


def test_what_a_full_disk_does_not_take_is_written_later_in_order(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.writer.write("disconnected")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.path.stat().st_size, before[1]))
    try:
        log.writer.write("reconnected")
        log.writer.write("disconnected")
        told = (log.writer.behind, log.lines())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert told == (True, 1)
    log.writer.catch_up()
    assert not log.writer.behind
    events = [line.split('"')[5] for line in log.path.read_text().splitlines()]
    assert events == ["disconnected", "reconnected", "disconnected"]
