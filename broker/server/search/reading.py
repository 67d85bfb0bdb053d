"""Streams on their way into the index, a step at a time: recordings become text, logs commands.

Where the index stands is in the index alone, so a step that was cut off is made again: a recording
is read from its beginning then, and the lines that are there already are passed over.
"""

import contextlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from broker.recording.commands import Command, Commands
from broker.recording.log_reader import LogReader
from broker.server.search.index import PIECE_CHARACTERS, Index, Known
from broker.server.search.screen_text import ScreenLine, ScreenText
from broker.server.stores.recordings import Recordings
from broker.wire.errors import RemoteProtocolError
from broker.wire.names import parse_stream

STEP_BYTES = 1024 * 1024
_MOST_CELLS = 8_000_000
_MOST_SESSIONS = 200


class Reading:
    """All streams of a broker, of which the screens of those that grew last are kept."""

    def __init__(self, root: Path, index: Index) -> None:
        self._recordings = Recordings(root)
        self._index = index
        self._known: dict[str, dict[str, Known]] = {}
        """By session and name."""
        for stream in index.streams():
            self._known.setdefault(stream.session, {})[stream.name] = stream
        self._open: dict[int, _Recording] = {}
        self._commands: dict[str, _Commands] = {}

    def known(self) -> list[tuple[str, str, int, bool]]:
        """Session, name, bytes indexed and whether it is skipped, of each stream."""
        return [
            (stream.session, stream.name, stream.indexed, stream.skipped)
            for streams in self._known.values()
            for stream in streams.values()
        ]

    def skip(self, session: str, name: str) -> None:
        """Never read this one again."""
        self._index.skip(self._stream(session, name))

    def forget(self, session: str) -> None:
        """Nothing of this session is found any more. Raises sqlite3.Error."""
        for stream in self._known.pop(session, {}).values():
            self._open.pop(stream.id, None)
        self._commands.pop(session, None)
        self._index.forget(session)

    @property
    def untidy(self) -> bool:
        """Whether words that were forgotten may still stand in the file."""
        return self._index.untidy

    def tidy(self) -> bool:
        """Remove forgotten words from the file, a step at a time; whether there is more to do."""
        return self._index.tidy()

    def step(self, session: str, name: str, held: int, began: float) -> int:
        """Index some more of what is held of a stream; gives how far it is indexed.

        ``began``: Unix time of the session's zero. Raises OSError and sqlite3.Error.
        """
        stream = self._stream(session, name)
        size = min(STEP_BYTES, held - stream.indexed)
        if stream.skipped or size <= 0:
            return held
        data = self._recordings.read(session, name, stream.indexed, size)
        run, terminal = parse_stream(name)
        if terminal == 0:
            self._log(stream, run, data, began)
        else:
            self._recording(stream, data, began)
        return stream.indexed

    def _stream(self, session: str, name: str) -> Known:
        known = self._known.setdefault(session, {})
        if name not in known:
            known[name] = self._index.stream(session, name)
        return known[name]

    def _log(self, stream: Known, run: int, data: bytes, began: float) -> None:
        commands = self._commands.pop(stream.session, None)
        if commands is None or run < commands.run:
            commands = self._commands_again(stream)
        commands.feed(run, data)
        changed = list(commands.changed())
        self._index.add_commands(stream, stream.indexed + len(data), began, changed)
        if run == max(parse_stream(name).run for name in self._known[stream.session]):
            self._commands[stream.session] = commands  # else what later runs told is missing
        for name in {command.terminal for command in changed}:
            terminal = self._known[stream.session].get(name)
            if terminal is not None and terminal.id in self._open:
                self._recording(terminal, b"", began)  # its last pieces are divided otherwise now
        if len(self._commands) > _MOST_SESSIONS:
            del self._commands[next(iter(self._commands))]

    def _commands_again(self, upto: Known) -> "_Commands":
        commands = _Commands()
        last = parse_stream(upto.name)
        known = self._known[upto.session]
        for stream in sorted(map(parse_stream, known)):
            if stream.is_log and stream <= last:
                size = known[stream.name].indexed
                for piece in self._recordings.pieces(upto.session, stream.name, size):
                    commands.feed(stream.run, piece)
        return commands

    def _recording(self, stream: Known, data: bytes, began: float) -> None:
        # What a step that failed has fed is not known: the next one begins anew.
        recording = self._open.pop(stream.id, None) or self._again(stream)
        recording.feed(data)
        bounds = self._index.bounds(stream, recording.first)
        full, recording.lines = _pieces(recording.lines, bounds)
        rest, last = _pieces(recording.lines + recording.text.standing(), bounds)
        self._index.add_text(
            stream, stream.indexed + len(data), began, full, [*rest, last] if last else rest
        )
        self._open[stream.id] = recording
        while sum(one.text.cells for one in self._open.values()) > _MOST_CELLS:
            del self._open[next(iter(self._open))]

    def _again(self, stream: Known) -> "_Recording":
        recording = _Recording(stream.lines)
        for piece in self._recordings.pieces(stream.session, stream.name, stream.indexed):
            recording.feed(piece)
        return recording


class _Recording:
    """A recording that is being read; ``lines``: those that stand in no full piece yet."""

    def __init__(self, indexed: int) -> None:
        self.text = ScreenText()
        self.lines: list[ScreenLine] = []
        self._indexed = indexed

    def feed(self, data: bytes) -> None:
        for line in self.text.feed(data):
            if self._indexed:
                self._indexed -= 1
            else:
                self.lines.append(line)

    @property
    def first(self) -> int:
        """The offset of the first one."""
        return min((line.offset for line in self.lines), default=0)


def _pieces(
    lines: Sequence[ScreenLine], bounds: Sequence[int]
) -> tuple[list[list[ScreenLine]], list[ScreenLine]]:
    """Lines by pieces, none of which is of two commands; the last one may not be full yet."""
    pieces: list[list[ScreenLine]] = []
    piece: list[ScreenLine] = []
    size, within = 0, -1
    for line in lines:
        now = bisect_right(bounds, line.offset)
        if piece and (size >= PIECE_CHARACTERS or now != within):
            pieces.append(piece)
            piece, size = [], 0
        piece.append(line)
        size += len(line.text) + 1
        within = now
    return pieces, piece


class _Commands:
    """The commands of a session as its logs tell them, which are read run after run."""

    def __init__(self) -> None:
        self.run = 0
        self._told = Commands()
        self._reader = LogReader()
        self._written: list[Command] = []

    def feed(self, run: int, data: bytes) -> None:
        if run != self.run:
            self.run, self._reader = run, LogReader()
        for entry in self._reader.feed(data):
            self._told.take(entry)

    def changed(self) -> Iterator[Command]:
        """Those that are new or told otherwise since this was asked the last time."""
        for number, command in enumerate(self._told.found):
            if number == len(self._written):
                self._written.append(replace(command, shares=dict(command.shares)))
            elif self._written[number] != command:
                self._written[number] = replace(command, shares=dict(command.shares))
            else:
                continue
            with contextlib.suppress(RemoteProtocolError):
                parse_stream(command.terminal)
                yield command
