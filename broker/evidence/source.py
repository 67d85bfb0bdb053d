"""Where a session's evidence lies: streams by name, and the receipts that speak for them."""

from __future__ import annotations

from typing import Iterator, List, Mapping, NamedTuple, Optional, Protocol

from broker.evidence.encryption import ENDING
from broker.recording.log_reader import LogReader
from broker.recording.session_log import Entry
from broker.recording.verification import session_named
from broker.wire.errors import RemoteProtocolError
from broker.wire.names import Stream, parse_stream

PIECE_BYTES = 256 * 1024
MOST_RECEIPTS_BYTES = 256 * 1024 * 1024

_FIRST_LINE_BYTES = 16 * 1024 * 1024


class Unreadable(Exception):
    """There is no evidence here that could be judged; a sentence for whoever asked."""


class Damage(NamedTuple):
    """A file that is not as it was written: its name (empty: all of it), and a sentence."""

    name: str
    says: str


class Source(Protocol):
    """One session's evidence, as it was when it was opened. Every method blocks.

    A source holds a file open at most while it is read; it is not safe for two threads.
    """

    @property
    def place(self) -> str:
        """What people call it: a path."""

    @property
    def session(self) -> str:
        """The session that this is known to be of; empty: the one that its log names."""

    @property
    def receipts(self) -> bytes:
        """The receipts file; empty where there is none."""

    @property
    def streams(self) -> Mapping[str, int]:
        """Each stream's size in bytes; the name of one that lies encrypted has ENDING."""

    def pieces(self, name: str) -> Iterator[bytes]:
        """A stream from its first byte to its last, in pieces; less where it is damaged.

        Raises Unreadable where a disk does not give what is on it.
        """

    def damage(self, digests: Mapping[str, str]) -> List[Damage]:
        """What is wrong with what holds the streams. Asked when all of them were read.

        ``digests``: the SHA-256 of each stream as it was read, by name.
        """


def parsed(name: str) -> Optional[Stream]:
    """The stream that a file of this name holds, encrypted or not; None: it holds none."""
    plain = name[: -len(ENDING)] if name.endswith(ENDING) else name
    try:
        return parse_stream(plain)
    except RemoteProtocolError:
        return None


def in_order(names: Mapping[str, int]) -> List[str]:
    """Those that can be read, run after run, each run's log first."""
    return sorted((name for name in names if not name.endswith(ENDING)), key=parse_stream)


def entries(source: Source) -> Iterator[Entry]:
    """What the session's logs say, run after run, but for what makes no sense."""
    for name in in_order(source.streams):
        if parse_stream(name).is_log:
            reader = LogReader()
            for piece in source.pieces(name):
                yield from reader.feed(piece)


def session_of(source: Source) -> str:
    """The session that a source is of: as it is known, as its logs say, or as its receipts do."""
    if source.session:
        return source.session
    for name in in_order(source.streams):
        if parse_stream(name).is_log:
            told = session_named(first_line(source.pieces(name)))
            if told:
                return told
    return session_of_receipts(source.receipts)


def session_of_receipts(receipts: bytes) -> str:
    """The session that the first receipt is of; empty where it does not say."""
    return session_named(receipts[: receipts.find(b"\n") + 1][87:]) or ""


def first_line(pieces: Iterator[bytes]) -> bytes:
    """The first line, newline included; without one where it is not whole.

    One that is longer than any of ours is as good as an empty one.
    """
    line = b""
    for piece in pieces:
        line += piece
        if b"\n" in piece:
            return line[: line.index(b"\n") + 1]
        if len(line) > _FIRST_LINE_BYTES:
            return b"\n"
    return line
