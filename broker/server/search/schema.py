"""The file of the search index: its tables, its ids, and what counts as a word.

An id is a time and a number, so that "newest first" is the order of ids: Unix milliseconds, then 20
bits in which those of one millisecond are counted; the last bit tells output from commands, so that
no id stands for both. The file can be deleted: it is made again from the recordings.
"""

import re
import sqlite3
import zlib
from pathlib import Path

FILE_NAME = "search.db"
FORMAT = "1"
"""Of the file, and of what is read from recordings: one of another format is made again."""

_SCHEMA = """
CREATE TABLE about (format TEXT NOT NULL);
CREATE TABLE sessions (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE streams (
  id INTEGER PRIMARY KEY,
  session INTEGER NOT NULL REFERENCES sessions,
  name TEXT NOT NULL,
  indexed INTEGER NOT NULL DEFAULT 0,  -- bytes
  lines INTEGER NOT NULL DEFAULT 0,    -- of text, in pieces that are full
  skipped INTEGER NOT NULL DEFAULT 0,
  UNIQUE (session, name)
);
CREATE TABLE commands (
  id INTEGER PRIMARY KEY,
  session INTEGER NOT NULL REFERENCES sessions,
  stream INTEGER NOT NULL REFERENCES streams,  -- the terminal's recording
  name TEXT NOT NULL,                          -- as recording/commands.py gives it
  t REAL NOT NULL,
  line TEXT NOT NULL,
  persons TEXT NOT NULL,                       -- a JSON array
  status INTEGER,
  start INTEGER,                               -- its output, as offsets of the recording
  "end" INTEGER,
  UNIQUE (session, name)
);
CREATE INDEX commands_by_output ON commands (stream, start) WHERE start IS NOT NULL;
CREATE INDEX commands_by_session ON commands (session, id);
CREATE TABLE pieces (
  id INTEGER PRIMARY KEY,
  session INTEGER NOT NULL REFERENCES sessions,
  stream INTEGER NOT NULL REFERENCES streams,
  start INTEGER NOT NULL,                      -- the offset of its first line
  command INTEGER REFERENCES commands,
  full INTEGER NOT NULL,
  lines BLOB NOT NULL
);
CREATE INDEX pieces_by_place ON pieces (stream, start);
CREATE INDEX pieces_by_session ON pieces (session, id);
CREATE INDEX pieces_not_full ON pieces (stream) WHERE NOT full;
CREATE VIRTUAL TABLE words USING fts5(
  text, content='', tokenize="unicode61 remove_diacritics 2 categories 'L* N*'"
);
CREATE VIRTUAL TABLE parts USING fts5(
  line, content='commands', content_rowid='id', tokenize='trigram'
);
"""

_COUNTED_BITS = 20
_LATEST = 2**62

# Nothing divides the words of these scripts: each character is one, and a word is a phrase.
_UNDIVIDED = (
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u303f\u3040-\u30ff\u3100-\u318f\u31f0-\u31ff"
    r"\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
_ONE = re.compile(f"({_UNDIVIDED})")
WORD = re.compile(rf"{_UNDIVIDED}|(?:(?!{_UNDIVIDED})[^\W_])+")
"""A word as it is indexed."""


def open_to_write(path: Path) -> sqlite3.Connection:
    """The index, made anew unless it is of this format. Raises sqlite3.Error and OSError."""
    path.touch(0o600)  # nobody else reads it; SQLite gives its other files the same mode
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        if _format(connection) != FORMAT:
            connection.close()
            delete(path)
            path.touch(0o600)
            connection = sqlite3.connect(path, isolation_level=None)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.executescript(f"BEGIN;{_SCHEMA}")
            connection.execute("INSERT INTO about VALUES (?)", (FORMAT,))
            connection.execute("COMMIT")
        connection.execute("PRAGMA secure_delete = ON")  # what is forgotten leaves the file
    except BaseException:
        connection.close()
        raise
    return connection


def open_to_read(path: Path) -> sqlite3.Connection | None:
    """The index, for one thread; none where it is not made yet. Raises sqlite3.Error."""
    if not path.exists():
        return None
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    if _format(connection) == FORMAT:
        return connection
    connection.close()
    return None


def delete(path: Path) -> None:
    """Away with it. Raises OSError."""
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)


def lowest_id(at: float) -> int:
    """Every id from this Unix time on is as large or larger."""
    return max(0, min(int(at * 1000) << _COUNTED_BITS, _LATEST))


def free_id(connection: sqlite3.Connection, table: str, at: float) -> int:
    """The next id of ``pieces`` or ``commands`` at this Unix time."""
    lowest = lowest_id(at)
    newest = f"SELECT max(id) FROM {table} WHERE id >= ? AND id < ?"  # noqa: S608 - ours
    (found,) = connection.execute(newest, (lowest, lowest + (1 << _COUNTED_BITS))).fetchone()
    return int(found) + 2 if found is not None else lowest + (table == "commands")


def divided(text: str) -> str:
    """As it is indexed and asked for: with blanks about what is a word by itself."""
    return text if text.isascii() else _ONE.sub(r" \1 ", text)


def pack(text: str) -> bytes:
    """As it lies in the file."""
    return zlib.compress(text.encode("utf-8", "replace"), 1)


def unpack(packed: bytes) -> str:
    """What was packed."""
    return zlib.decompress(packed).decode()


def _format(connection: sqlite3.Connection) -> str | None:
    try:
        row = connection.execute("SELECT format FROM about").fetchone()
    except sqlite3.OperationalError:
        return None
    return None if row is None else str(row[0])
