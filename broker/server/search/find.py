"""Finds in the index: newest first, a page at a time, within a limited time."""

import heapq
import json
import sqlite3
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from broker.server.search import schema
from broker.server.search.index import read_lines
from broker.server.search.marking import Mark, marks_of_parts, marks_of_words
from broker.server.search.query import Query, Term

PAGE = 50
SECONDS = 5.0
_AROUND = 2
_STEPS_BETWEEN_LOOKS = 20_000
_SHORTEST_PART = 3  # what a trigram is made of
_LONGEST_TEXT = 2000


class TookTooLong(Exception):
    """The search was given up."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One place. ``t``: session seconds; ``command``: a name, or none."""

    id: int
    session: str
    terminal: str
    t: float
    kind: str
    command: str | None
    persons: list[str]
    line: str
    status: int | None
    text: str
    marks: list[Mark]


def find(path: Path, query: Query, sessions: Sequence[str]) -> tuple[list[Hit], int | None]:
    """A page of hits in these sessions, newest first, and what the next one's ``before`` is.

    Blocking: for a thread. Raises TookTooLong and sqlite3.Error.
    """
    db = schema.open_to_read(path)
    if db is None:
        return [], None
    deadline = time.monotonic() + SECONDS
    db.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS_BETWEEN_LOOKS)
    try:
        finder = _Finder(db, query, sessions)
        kinds = {"commands": finder.commands, "output": finder.output}
        found = [kinds[kind]() for kind in query.kinds]
        hits = list(islice(heapq.merge(*found, key=lambda hit: -hit.id), PAGE + 1))
    except sqlite3.OperationalError as error:
        if "interrupt" in str(error):
            raise TookTooLong from None
        raise
    finally:
        db.close()
    return hits[:PAGE], hits[PAGE - 1].id if len(hits) > PAGE else None


class _Finder:
    """One search. Its SQL is put together of constants; whatever a person wrote is a parameter."""

    def __init__(self, db: sqlite3.Connection, query: Query, sessions: Sequence[str]) -> None:
        self._db = db
        self._query = query
        db.execute("PRAGMA temp_store = MEMORY")
        db.execute("CREATE TEMP TABLE seen (id INTEGER PRIMARY KEY)")
        db.execute(
            "INSERT INTO seen SELECT id FROM sessions"
            " WHERE name IN (SELECT value FROM json_each(?))",
            (json.dumps(list(sessions)),),
        )
        since, until, before = query.since, query.until, query.before
        self._lowest = 0 if since is None else schema.lowest_id(since)
        self._beyond = schema.lowest_id(2**40) if until is None else schema.lowest_id(until)
        if before is not None:
            self._beyond = min(self._beyond, before)

    def commands(self) -> Iterator[Hit]:
        """Command lines in which all terms stand somewhere."""
        where, values = self._filters("commands")
        long = [term for term in self._query.terms if len(term.text) >= _SHORTEST_PART]
        for term in self._query.terms:
            if term not in long:
                where += " AND instr(lower(line), lower(?))"
                values.append(term.text)
        if long:
            where += " AND commands.id IN (SELECT rowid FROM parts WHERE parts MATCH ?)"
            values.append(" AND ".join(_quoted(term.text) for term in long))
        rows = self._db.execute(
            f"{_COMMANDS} WHERE {where} ORDER BY commands.id DESC",
            values,
        )
        for number, t, session, terminal, *command in rows:
            told = _command(*command)
            marks = marks_of_parts(told[2], self._query.terms)
            yield Hit(number, session, terminal, t, "command", *told, text=told[2], marks=marks)

    def output(self) -> Iterator[Hit]:
        """Pieces of text in which all terms stand."""
        where, values = self._filters("pieces")
        low, high = self._span()
        rows = self._db.execute(
            f"{_OUTPUT} WHERE words MATCH ? AND words.rowid >= ? AND words.rowid < ?"
            f" AND {where} ORDER BY words.rowid DESC",
            (_match(self._query.terms), low, high, *values),
        )
        for number, packed, session, terminal, *command in rows:
            t, text, marks = _around(packed, self._query.terms)
            told = _command(*command)
            yield Hit(number, session, terminal, t, "output", *told, text=text, marks=marks)

    def _span(self) -> tuple[int, int]:
        """Of one session, ids lie close together: all others need not be looked at."""
        low, high = self._lowest, self._beyond
        if self._query.session or self._query.case:
            first, last = self._db.execute(
                "SELECT min(first), max(last) FROM (SELECT"
                " (SELECT min(id) FROM pieces WHERE session = seen.id) AS first,"
                " (SELECT max(id) FROM pieces WHERE session = seen.id) AS last FROM seen)"
            ).fetchone()
            low, high = max(low, first or 0), min(high, (last or 0) + 1)
        return low, high

    def _filters(self, table: str) -> tuple[str, list[object]]:
        query = self._query
        where = f"{table}.session IN seen AND {table}.id >= ? AND {table}.id < ?"
        values: list[object] = [self._lowest, self._beyond]
        if query.person:
            where += " AND EXISTS (SELECT 1 FROM json_each(commands.persons) WHERE value = ?)"
            values.append(query.person)
        if query.failed:
            where += " AND commands.status != 0"
        if query.status is not None:
            where += " AND commands.status = ?"
            values.append(query.status)
        return where, values


_COMMAND = "commands.name, commands.persons, commands.line, commands.status"
_COMMANDS = (
    f"SELECT commands.id, t, sessions.name, streams.name, {_COMMAND} FROM commands"  # noqa: S608 - ours
    " JOIN sessions ON sessions.id = commands.session"
    " JOIN streams ON streams.id = commands.stream"
)
_OUTPUT = (
    f"SELECT pieces.id, pieces.lines, sessions.name, streams.name, {_COMMAND} FROM words"  # noqa: S608 - ours
    " JOIN pieces ON pieces.id = words.rowid"
    " JOIN sessions ON sessions.id = pieces.session"
    " JOIN streams ON streams.id = pieces.stream"
    " LEFT JOIN commands ON commands.id = pieces.command"
)


def _command(
    name: str | None, persons: str | None, line: str | None, status: int | None
) -> tuple[str | None, list[str], str, int | None]:
    return name, json.loads(persons or "[]"), line or "", status


def _match(terms: Sequence[Term]) -> str:
    return " AND ".join(
        _quoted(" ".join(term.words)) + ("*" if term.beginning else "") for term in terms
    )


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _around(packed: bytes, terms: Sequence[Term]) -> tuple[float, str, list[Mark]]:
    """The few lines of a piece in which most of the terms stand, and when they began."""
    lines = read_lines(packed)
    text = "\n".join(line.text for line in lines)
    ends: list[int] = []
    for line in lines:
        ends.append((ends[-1] + 1 if ends else 0) + len(line.text))
    stands = [
        [bisect_left(ends, start) for start, _ in marks_of_words(text, [term])] for term in terms
    ]
    places = sorted({number for numbers in stands for number in numbers}) or [0]
    best = max(
        places,
        key=lambda at: sum(any(abs(n - at) <= _AROUND for n in numbers) for numbers in stands),
    )
    first = max(0, best - _AROUND)
    shown = "\n".join(line.text for line in lines[first : best + _AROUND + 1])
    marks = marks_of_words(shown, terms)
    if len(shown) > _LONGEST_TEXT:
        start = max(0, min(marks[0][0] - _LONGEST_TEXT // 2, len(shown)) if marks else 0)
        shown = shown[start : start + _LONGEST_TEXT]
        marks = marks_of_words(shown, terms)
    return lines[best].t, shown, marks
