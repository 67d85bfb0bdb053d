"""What the index holds, and how it is written: each step of a stream wholly or not at all."""

import json
import sqlite3
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from broker.recording.commands import Command
from broker.server.search import schema
from broker.server.search.screen_text import ScreenLine

PIECE_CHARACTERS = 3600
_MOST_AROUND = 100
_MERGED_PAGES = 500


@dataclass(slots=True)
class Known:
    """How far a stream is indexed."""

    id: int
    session: str
    name: str
    indexed: int
    lines: int
    skipped: bool


class Index:
    """The writer's end of the index, of which there is one. Blocking; raises sqlite3.Error."""

    def __init__(self, path: Path) -> None:
        self._db = schema.open_to_write(path)
        self._tidying = False

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def streams(self) -> list[Known]:
        """All that it knows."""
        return [Known(*row) for row in self._db.execute(f"{_KNOWN} ORDER BY streams.id")]

    def stream(self, session: str, name: str) -> Known:
        """This one, which is new where it is not known."""
        with self._transaction():
            stream = self._stream_id(session, name)
        return Known(*self._db.execute(f"{_KNOWN} WHERE streams.id = ?", (stream,)).fetchone())

    def skip(self, stream: Known) -> None:
        """It is never read again."""
        self._db.execute("UPDATE streams SET skipped = 1 WHERE id = ?", (stream.id,))
        stream.skipped = True

    def bounds(self, stream: Known, since: int) -> list[int]:
        """Where, in a recording from this offset on, commands' output begins or ends, in order."""
        found = self._db.execute(
            'SELECT start FROM commands WHERE stream = ?1 AND start >= ?2 UNION SELECT "end"'
            ' FROM commands WHERE stream = ?1 AND "end" >= ?2 ORDER BY 1',
            (stream.id, since),
        )
        return [offset for (offset,) in found]

    def add_text(
        self,
        stream: Known,
        indexed: int,
        began: float,
        full: Sequence[Sequence[ScreenLine]],
        rest: Sequence[Sequence[ScreenLine]],
    ) -> None:
        """The recording is read up to ``indexed``: pieces of text that are full, and what is not.

        The latter takes the place of what was not full before. ``began``: Unix time of their zero.
        """
        lines = stream.lines + sum(map(len, full))
        with self._transaction():
            self._forget_rest(stream)
            for piece in full:
                self._add_piece(stream, piece, began, full=True)
            for piece in rest:
                self._add_piece(stream, piece, began, full=False)
            self._note(stream, indexed, lines)
        stream.indexed, stream.lines = indexed, lines

    def add_commands(
        self, stream: Known, indexed: int, began: float, commands: Iterable[Command]
    ) -> None:
        """The log is read up to ``indexed``: these commands are new by it, or told otherwise."""
        with self._transaction():
            for command in commands:
                self._tell(stream.session, began, command)
            self._note(stream, indexed, stream.lines)
        stream.indexed = indexed

    def forget(self, session: str) -> None:
        """Nothing of this session is found any more; ``tidy`` removes its words from the file."""
        with self._transaction():
            mine = "SELECT id FROM sessions WHERE name = ?"
            pieces = f"SELECT id, lines FROM pieces WHERE session IN ({mine})"  # noqa: S608 - ours
            for number, packed in self._db.execute(pieces, (session,)).fetchall():
                self._forget_piece(number, packed)
            commands = f"SELECT id, line FROM commands WHERE session IN ({mine})"  # noqa: S608
            for row in self._db.execute(commands, (session,)).fetchall():
                self._db.execute(
                    "INSERT INTO parts (parts, rowid, line) VALUES ('delete', ?, ?)", row
                )
            for table in ("commands", "streams"):
                self._db.execute(f"DELETE FROM {table} WHERE session IN ({mine})", (session,))  # noqa: S608
            self._db.execute("DELETE FROM sessions WHERE name = ?", (session,))
            self._db.execute("PRAGMA user_version = 1")

    @property
    def untidy(self) -> bool:
        """Whether forgotten words may still stand in the file."""
        return bool(self._db.execute("PRAGMA user_version").fetchone()[0])

    def tidy(self) -> bool:
        """Some of the work of removing forgotten words from the file; whether there is more.

        Words stand in it until the parts that hold them were written anew. What is freed is
        overwritten with zeros.
        """
        pages = _MERGED_PAGES if self._tidying else -_MERGED_PAGES  # the latter begins
        changed = 0
        for table in ("words", "parts"):
            before = self._db.total_changes
            merge = f"INSERT INTO {table} ({table}, rank) VALUES ('merge', ?)"  # noqa: S608 - ours
            self._db.execute(merge, (pages,))
            changed = max(changed, self._db.total_changes - before)
        self._tidying = pages < 0 or changed > 1  # SQLite's own rule for when it is done
        if self._tidying:
            return True
        (busy, *_) = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if not busy:
            self._db.execute("PRAGMA user_version = 0")
        return bool(busy)

    def _transaction(self) -> "_Transaction":
        return _Transaction(self._db)

    def _stream_id(self, session: str, name: str) -> int:
        self._db.execute("INSERT OR IGNORE INTO sessions (name) VALUES (?)", (session,))
        (number,) = self._db.execute(
            "SELECT id FROM sessions WHERE name = ?", (session,)
        ).fetchone()
        self._db.execute(
            "INSERT OR IGNORE INTO streams (session, name) VALUES (?, ?)", (number, name)
        )
        (stream,) = self._db.execute(
            "SELECT id FROM streams WHERE session = ? AND name = ?", (number, name)
        ).fetchone()
        return int(stream)

    def _note(self, stream: Known, indexed: int, lines: int) -> None:
        self._db.execute(
            "UPDATE streams SET indexed = ?, lines = ? WHERE id = ?", (indexed, lines, stream.id)
        )

    # --- text ---------------------------------------------------------------------------------

    def _forget_rest(self, stream: Known) -> None:
        rest = "SELECT id, lines FROM pieces WHERE stream = ? AND NOT full ORDER BY id"
        for number, packed in self._db.execute(rest, (stream.id,)).fetchall():
            self._forget_piece(number, packed)

    def _forget_piece(self, number: int, packed: bytes) -> None:
        text = _words(read_lines(packed))
        self._db.execute(
            "INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)", (number, text)
        )
        self._db.execute("DELETE FROM pieces WHERE id = ?", (number,))

    def _add_piece(
        self, stream: Known, lines: Sequence[ScreenLine], began: float, *, full: bool
    ) -> None:
        first = lines[0]
        number = schema.free_id(self._db, "pieces", _at(began, first.t))
        packed = _pack(lines)
        self._db.execute(
            "INSERT INTO pieces (id, session, stream, start, command, full, lines)"
            " SELECT ?, session, id, ?, ?, ?, ? FROM streams WHERE id = ?",
            (number, first.offset, self._command(stream.id, first.offset), full, packed, stream.id),
        )
        text = _words(lines)
        self._db.execute("INSERT INTO words (rowid, text) VALUES (?, ?)", (number, text))

    def _command(self, stream: int, offset: int) -> int | None:
        """The innermost command whose output this is."""
        row = self._db.execute(
            'SELECT id FROM (SELECT id, start, "end" FROM commands WHERE stream = ?1'
            ' AND start <= ?2 ORDER BY start DESC LIMIT ?3) WHERE "end" IS NULL OR "end" > ?2'
            " ORDER BY start DESC LIMIT 1",
            (stream, offset, _MOST_AROUND),
        ).fetchone()
        return None if row is None else int(row[0])

    # --- commands -----------------------------------------------------------------------------

    def _tell(self, session: str, began: float, command: Command) -> None:
        stream = self._stream_id(session, command.terminal)
        line = _sound(command.line)
        persons = json.dumps([_sound(person) for person in command.persons], ensure_ascii=False)
        told = (line, persons, command.status, command.offset, command.end, stream, command.since)
        known = self._db.execute(
            'SELECT id, line, persons, status, start, "end", stream, t FROM commands'
            " WHERE session = (SELECT session FROM streams WHERE id = ?) AND name = ?",
            (stream, command.id),
        ).fetchone()
        if known is None:
            number = schema.free_id(self._db, "commands", _at(began, command.since))
            self._db.execute(
                'INSERT INTO commands (line, persons, status, start, "end", stream, t, id, name,'
                " session) SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, session FROM streams WHERE id = ?",
                (*told, number, command.id, stream),
            )
        elif known[1:] == told:
            return
        else:
            number = known[0]
            self._db.execute(
                "INSERT INTO parts (parts, rowid, line) VALUES ('delete', ?, ?)", known[:2]
            )
            self._db.execute(
                'UPDATE commands SET line = ?, persons = ?, status = ?, start = ?, "end" = ?,'
                " stream = ?, t = ? WHERE id = ?",
                (*told, number),
            )
        self._db.execute("INSERT INTO parts (rowid, line) VALUES (?, ?)", (number, line))
        self._give(stream, number, command)

    def _give(self, stream: int, number: int, command: Command) -> None:
        """What a command printed may have come before it was told, or before its end was."""
        if command.offset is None:
            return
        if command.end is None:
            self._db.execute(
                "UPDATE pieces SET command = ? WHERE stream = ? AND start >= ?",
                (number, stream, command.offset),
            )
            return
        for where in (
            "start >= ?3 AND start < ?4 AND command IS NULL",
            "start >= ?4 AND command = ?1",
        ):
            late = f"SELECT id, start FROM pieces WHERE stream = ?2 AND {where}"  # noqa: S608 - ours
            values = (number, stream, command.offset, command.end)
            for piece, start in self._db.execute(late, values).fetchall():
                self._db.execute(
                    "UPDATE pieces SET command = ? WHERE id = ?",
                    (self._command(stream, start), piece),
                )


_KNOWN = (
    "SELECT streams.id, sessions.name, streams.name, indexed, lines, skipped"
    " FROM streams JOIN sessions ON sessions.id = streams.session"
)


class _Transaction:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN")

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._db.execute("COMMIT")
        elif self._db.in_transaction:
            self._db.execute("ROLLBACK")


def read_lines(packed: bytes) -> list[ScreenLine]:
    """The lines of a piece."""
    return [
        ScreenLine(t, offset, text)
        for t, offset, texts in json.loads(schema.unpack(packed))
        for text in texts
    ]


def _pack(lines: Sequence[ScreenLine]) -> bytes:
    """Those of one event together."""
    events = [
        [*event, [line.text for line in some]]
        for event, some in groupby(lines, key=lambda line: (line.t, line.offset))
    ]
    return schema.pack(json.dumps(events, ensure_ascii=False, separators=(",", ":")))


def _words(lines: Sequence[ScreenLine]) -> str:
    return schema.divided("\n".join(line.text for line in lines))


def _sound(text: str) -> str:
    return text.encode("utf-8", "replace").decode()  # JSON can say half of a character


def _at(began: float, t: float) -> float:
    # A host whose clock runs ahead must not have the newest hits for ever.
    return min(began + t, time.time())
