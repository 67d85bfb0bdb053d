"""Writes one terminal's recording: output with its secrets masked, sizes, markers; and its gaps."""

from __future__ import annotations

import asyncio
from typing import Callable, Dict, Optional, Protocol, Sequence

from broker.host.masker import Masker
from broker.host.masks import Mask
from broker.host.spool import NotTaken, StreamFile
from broker.recording.asciicast import Encoder

HELD_SECONDS = 0.5
"""So long what may become a secret is held back; then it is written, masked if it may be one."""


class Writing(Protocol):
    """Who wants to know of a recording: the recorder."""

    def log(self, event: str, **fields: object) -> None:
        """Write an entry of the session log."""

    def grown(self) -> None:
        """The recording has grown."""

    def not_recorded(self, cause: str) -> None:
        """The recording could not be written; a gap of this cause begins."""


class CastWriter:
    """One recording. Every call writes before it returns, but for what is held back."""

    def __init__(
        self,
        stream: StreamFile,
        clock: Callable[[], float],
        cols: int,
        masks: Sequence[Mask],
        writing: Writing,
    ) -> None:
        self.gap_since: Optional[float] = None
        """Since when nothing could be written."""
        self._gap_cause = ""
        self._stream = stream
        self._clock = clock
        self._writing = writing
        self._encoder = Encoder()
        self._masker = Masker(masks, cols)
        self._waiting: Optional[asyncio.TimerHandle] = None
        self._header = b""
        self._ended = False

    @property
    def mended(self) -> bool:
        """Whether the disk has made safe what it had failed at, so that this can go on."""
        return not self._stream.failing

    @property
    def slow(self) -> bool:
        """Whether floods are to be slowed: what is not recorded need not be."""
        return self.gap_since is None and self._stream.slow

    @property
    def offset(self) -> int:
        """Where the recording goes on."""
        return self._stream.end

    def begin(self, cols: int, rows: int, wall: float, env: Dict[str, str], title: str) -> None:
        """Write the header; ``wall`` is the Unix time at which the session began."""
        self._header = self._encoder.header(cols, rows, wall, env, title)
        self._write(b"")

    def printed(self, data: bytes) -> None:
        """Write output."""
        self._write(self._encoder.output(self._clock(), self._masker.feed(data)))
        self._stop_waiting()
        if self._masker.held:
            self._waiting = asyncio.get_running_loop().call_later(HELD_SECONDS, self.release)

    def release(self) -> None:
        """Write what is held back."""
        self._stop_waiting()
        if self._masker.held:
            self._write(self._encoder.output(self._clock(), self._masker.flush()))
            self._writing.grown()

    def resized(self, cols: int, rows: int) -> None:
        """The window has changed."""
        self.release()
        self._masker.resized(cols)
        self._write(self._encoder.resize(self._clock(), cols, rows))

    def mark(self, label: str) -> None:
        """Write a marker."""
        self.release()
        self._write(self._encoder.marker(self._clock(), label))

    def log_masked(self, terminal: str) -> None:
        """Say in the session log how much was masked since this was last said."""
        for what, count in self._masker.take_counts().items():
            self._writing.log("masked", terminal=terminal, what=what, count=count)

    def end(self, terminal: str) -> None:
        """Write the last of it, and nothing from then on."""
        self.release()
        self._write(self._encoder.finish(self._clock()))
        self.end_gap()
        self.log_masked(terminal)
        self._ended = True

    def end_gap(self) -> None:
        """Say what is missing, and record on."""
        since, self.gap_since = self.gap_since, None
        if since is not None:
            self._writing.log("gap", since=since, until=self._clock(), cause=self._gap_cause)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _write(self, lines: bytes) -> None:
        lines = self._header + lines
        if self._ended or self.gap_since is not None or not lines:
            return
        try:
            self._stream.append(lines)
            self._header = b""  # in the stream: before it, nothing else may be
        except NotTaken as refused:
            self.gap_since, self._gap_cause = self._clock(), refused.cause
            self._writing.not_recorded(refused.cause)
            # A recorder that is killed before the gap is over has told of its beginning.
            self._writing.log("limit", what="recording", why=refused.cause, since=self.gap_since)
