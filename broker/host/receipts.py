"""The host's copy of a session's receipts: read, checked, compared with our streams, and kept.

A line goes into the file only when its signature holds, so what lies there needs no second look by
whoever runs the session; ``jumpseat verify`` takes nothing of it on trust. A receipt that says
other than what is here is kept like any: it is evidence.

Blocking throughout, and for one thread at a time; ``receiving`` keeps it off the loop.
"""

from __future__ import annotations

import contextlib
import copy
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Dict, Iterator, Mapping, Optional, Tuple

from broker.host.prefixes import Prefixes
from broker.host.spool import StreamFile, cut_torn_line
from broker.recording.receipts import MOST_LINE_BYTES, BadReceipts, Chain, Code, lines
from broker.recording.statements import Statement, read_body, to_base64url
from broker.wire.names import RECEIPTS

MOST_BYTES = 256 * 1024 * 1024
"""Days of many busy streams. A broker that signs more than that only fills the disk."""
_DAMAGED = RECEIPTS + ".damaged"


@dataclass(frozen=True)
class Contradiction:
    """A receipt, or the broker's last word, that says other than what is here.

    ``beyond``: it speaks of more than can be read here, rather than of other bytes.
    """

    stream: str
    offset: int
    beyond: bool


@dataclass(frozen=True)
class Kept:
    """What the file holds, durably."""

    size: int = 0
    count: int = 0
    """Statements."""
    last: Optional[int] = None
    """When the last one was signed: the broker's clock, Unix milliseconds."""
    offsets: Mapping[str, int] = field(default_factory=dict)
    """How far each stream has been signed for."""
    complete: bool = False
    """The broker has signed that it has all of the session."""


@dataclass(frozen=True)
class Taken:
    """What has come of lines: what is kept now, what contradicts, and the first that is wrong."""

    kept: Kept
    contradictions: Tuple[Contradiction, ...] = ()
    bad: Optional[BadReceipts] = None


class ReceiptsFile:
    """``receipts`` in a session's folder. ``key``: the broker's, as it was when consent was given.

    Empty where that is not known: then the first key that signs is the one. ``sync``: makes the
    streams safe from a power cut. What a crash tore off the last line is cut at once; ``load``
    reads the rest.
    """

    def __init__(
        self,
        folder: Path,
        session: str,
        key: bytes,
        streams: Mapping[str, StreamFile],
        sync: Callable[[], None],
    ) -> None:
        self._path = folder / RECEIPTS
        self._session = session
        self._key = to_base64url(key)
        self._streams = streams
        self._sync = sync
        self._prefixes = Prefixes(streams)
        self._chain = Chain(session)
        self._last: Optional[int] = None
        self._fd: Optional[int] = None
        self.size = 0
        """Bytes that are durable; for any thread."""
        with contextlib.suppress(FileNotFoundError):
            cut_torn_line(self._path)
            self.size = self._path.stat().st_size

    def load(self) -> Taken:
        """Read what earlier runs have kept. Raises OSError.

        A file that is damaged is set aside: the broker sends its receipts again.
        """
        chain, last = Chain(self._session), None
        try:
            for line in _lines(self._path):
                last = self._checked(chain.take(line)).time
            chain.check()
        except BadReceipts as bad:
            self._path.replace(self._path.with_name(_DAMAGED))
            self.size = 0
            why = f"what was kept here is damaged, and set aside: {bad.why}"
            return Taken(self._kept(), bad=BadReceipts(bad.code, bad.line, why))
        self._chain, self._last = chain, last
        return Taken(self._kept())

    def take(self, received: bytes, *, ended: bool) -> Taken:
        """Take in whole lines, up to the first that is wrong; they are durable on return.

        ``ended``: the session has, so that the broker may say that it is complete. Raises OSError
        where the disk refuses them: then nothing was taken in.
        """
        chain, good, found = copy.deepcopy(self._chain), 0, []
        bad: Optional[BadReceipts] = None
        try:
            for line in lines(received):
                if self.size + good + len(line) > MOST_BYTES:
                    why = "there are more of them than a session has"
                    raise BadReceipts(Code.MALFORMED, chain.count + 1, why)
                found.append(self._checked(chain.take(line)))
                good += len(line)
        except BadReceipts as wrong:
            bad = wrong
        try:
            chain.check()
        except BadReceipts as wrong:
            return Taken(self._kept(), bad=wrong)
        if found:
            # What a receipt speaks for is as safe here as the receipt, so that no power cut makes
            # this copy contradict what it keeps.
            self._sync()
            self._write(received[:good])
            self._chain, self._last = chain, found[-1].time
        contradictions = tuple(one for said in found for one in self._compared(said, ended=ended))
        return Taken(self._kept(), contradictions, bad)

    def read(self, offset: int, size: int) -> bytes:
        """Up to ``size`` bytes at ``offset``; safe beside the other calls. Raises OSError."""
        with self._path.open("rb") as file:
            file.seek(offset)
            return file.read(size)

    def _checked(self, said: Statement) -> Statement:
        """The first statement is by the key that the customer was shown. Raises BadReceipts."""
        if said.kind == "began" and self._key not in ("", said.fields["public"]):
            why = "its key is not the one that the broker showed when consent was given"
            raise BadReceipts(Code.KEY, said.n, why)
        return said

    def _compared(self, said: Statement, *, ended: bool) -> Iterator[Contradiction]:
        """What this statement has against what is here."""
        if said.kind == "receipt":
            name, offset = said.fields["stream"], said.fields["offset"]
            digest = self._prefixes.digest(name, offset)
            if digest != said.fields["sha256"]:
                yield Contradiction(name, offset, beyond=digest is None)
        elif said.kind == "complete":
            here = {name: stream.end for name, stream in list(self._streams.items())}
            told = said.fields["streams"]
            for name, end in here.items():
                offset = told.get(name, 0)
                if offset != end or not ended:
                    yield Contradiction(name, offset, beyond=offset > end)

    def _kept(self) -> Kept:
        offsets = {name: one.fields["offset"] for name, one in self._chain.held.items()}
        complete = self._chain.complete is not None
        return Kept(self.size, self._chain.count, self._last, offsets, complete)

    def _write(self, data: bytes) -> None:
        """Append, durably or not at all. Raises OSError."""
        try:
            fd = self._opened()
        except FileNotFoundError:
            if self._path.parent.exists():
                raise
            self.size += len(data)  # the session's folder was removed: nothing can be kept
            return
        try:
            # What a failed attempt left there, and may not have let itself be cut off, goes.
            os.ftruncate(fd, self.size)
            view, offset = memoryview(data), self.size
            while view:
                written = os.pwrite(fd, view, offset)
                view, offset = view[written:], offset + written
            os.fdatasync(fd)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(fd, self.size)
            raise
        self.size += len(data)

    def _opened(self) -> int:
        if self._fd is None:
            flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            fd = os.open(self._path, flags, 0o600)
            folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)  # its name, too, survives a power cut
            finally:
                os.close(folder)
            self._fd = fd
        return self._fd


def receipted(folder: Path) -> Dict[str, int]:
    """How far the receipts in a session's folder say that the broker holds each stream.

    Blocking; raises OSError. What was kept is taken as it lies there.
    """
    offsets: Dict[str, int] = {}
    for line in _lines(folder / RECEIPTS):
        if b'"kind":"receipt"' in line:
            found = read_body(line[87:-1])
            if found is not None and found["kind"] == "receipt":
                offsets[found["stream"]] = found["offset"]
    return offsets


def _lines(path: Path) -> Iterator[bytes]:
    """A file's lines, those of a file that is not there as well; too long ones are cut up."""
    with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
        while line := file.readline(MOST_LINE_BYTES + 1):
            yield line
