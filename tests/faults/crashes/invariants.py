"""What must hold after every fault; the only oracle. Each function raises ``Violated``.

``promised``: how far the broker has told the host that it holds each stream.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from broker.recording import asciicast, session_log
from broker.recording.session_log import Entry
from broker.wire.errors import RemoteProtocolError
from broker.wire.names import Stream, log_name, parse_stream
from tests.faults.crashes.tokens import Recording, Token, read

_SLACK = 1e-5
"""Times in recordings are rounded."""


class Violated(AssertionError):
    """An invariant does not hold."""


def wrong(what: str) -> Violated:
    """Says which one, and where."""
    return Violated(what)


def streams(folder: Path) -> dict[str, Path]:
    """The streams in a folder, by name."""
    found = {}
    for path in folder.iterdir() if folder.is_dir() else ():
        try:
            found[parse_stream(path.name).name] = path
        except RemoteProtocolError:
            continue
    return found


@dataclass
class Copies:
    """Both sides' files. What was compared once and is no longer written is not read again."""

    host: Path
    broker: Path
    _same: dict[str, int] = field(default_factory=dict)

    def held(self, promised: Mapping[str, int]) -> None:
        """What was promised is at the broker, on disk."""
        for name, offset in promised.items():
            path = self.broker / name
            size = path.stat().st_size if path.exists() else 0
            if offset > size:
                raise wrong(f"{name}: the host was told {offset}, the broker has {size}")

    def prefix(self, *, cut: bool = False) -> None:
        """The broker's copy of each stream is a prefix of the host's.

        ``cut``: the host has lost power, so that the broker may have more than it.
        """
        there = streams(self.broker)  # first: what it has by now, the host has too
        here = streams(self.host)
        for name, path in there.items():
            theirs = path.stat().st_size
            ours = here[name].stat().st_size if name in here else 0
            if theirs > ours and not cut:
                raise wrong(f"{name}: the broker has {theirs}, the host {ours}")
            start, end = self._same.get(name, 0), min(ours, theirs)
            if end <= start:
                continue
            for at in range(start, end, 1 << 20):
                size = min(1 << 20, end - at)
                if piece(path, at, size) != piece(here[name], at, size):
                    raise wrong(f"{name}: the copies differ between {at} and {at + size}")
            self._same[name] = end

    def forget(self) -> None:
        """Compare all of it next time."""
        self._same.clear()


def piece(path: Path, at: int, size: int) -> bytes:
    """Some bytes of a file."""
    with path.open("rb") as file:
        file.seek(at)
        return file.read(size)


def entries(folder: Path) -> dict[int, list[Entry]]:
    """The session logs, run by run; every whole line of them must make sense."""
    logs = {}
    for name, path in streams(folder).items():
        if parse_stream(name).is_log:
            raw = path.read_bytes()
            whole = raw[: asciicast.whole_lines(raw)].decode().splitlines()
            logs[parse_stream(name).run] = [session_log.decode(line) for line in whole]
    return dict(sorted(logs.items()))


def recordings(folder: Path) -> dict[Stream, Recording]:
    """What each recording has; every whole line of them must make sense."""
    found = {}
    for name, path in streams(folder).items():
        if not parse_stream(name).is_log:
            found[parse_stream(name)] = read(path.read_bytes())
    return dict(sorted(found.items()))


def consented(folder: Path) -> None:
    """Where anything was printed, the log says what the customer agreed to."""
    told = [one for log in entries(folder).values() for one in log if one["event"] == "consented"]
    if not told and any(one.tokens for one in recordings(folder).values()):
        raise wrong("no session log has the customer's consent")


def no_silent_hole(folder: Path, shown: Mapping[int, int]) -> None:
    """Each run's tokens are all that it printed, but for what logged gaps cover.

    ``shown``: the last token that each run's seat has shown.
    """
    logs = entries(folder)
    gaps = [one for log in logs.values() for one in log if one["event"] == "gap"]

    def covered(since: float, until: float) -> bool:
        return any(
            one["since"] <= since + _SLACK and until <= one["until"] + _SLACK for one in gaps
        )

    def spans(since: float, until: float) -> bool:
        return any(
            since <= one["until"] + _SLACK and one["since"] <= until + _SLACK for one in gaps
        )

    last = 0.0
    cast = recordings(folder)
    for run in logs:
        begins = logs[run][0]["t"] if logs[run] else None
        whole = run == 1 or begins is None or covered(last, begins)
        if not whole and (run < max(logs) or len(logs[run]) > 1):
            raise wrong(f"run {run} begins at {begins}, and no gap covers it from {last} on")
        for stream, found in cast.items():
            if stream.run == run:
                _in_order(stream, found.tokens, shown.get(run, 0), spans)
        times = [found.last for stream, found in cast.items() if stream.run == run]
        last = max([last, *(one["t"] for one in logs[run]), *times])


def _in_order(
    stream: Stream, found: Iterable[Token], shown: int, spans: Callable[[float, float], bool]
) -> None:
    n, t = 0, 0.0
    for token in found:
        if token.run != stream.run:
            raise wrong(f"{stream.name} has a token of run {token.run}")
        if token.n <= n:
            raise wrong(f"{stream.name}: token {token.n} after {n}")
        if token.n > n + 1 and not spans(t, token.t):
            raise wrong(f"{stream.name}: no tokens between {n} ({t}) and {token.n} ({token.t})")
        n, t = token.n, token.t
    if shown > n and not spans(t, float("inf")):
        raise wrong(f"{stream.name}: token {shown} was shown, {n} is the last recorded")


def same(host: Path, broker: Path) -> None:
    """Both sides have the same streams to the last byte.

    Of one that its run had no time to write to, the broker does not know.
    """
    here, there = streams(host), streams(broker)
    here = {name: path for name, path in here.items() if path.stat().st_size or name in there}
    if here.keys() != there.keys():
        raise wrong(f"streams differ: {sorted(here.keys() ^ there.keys())}")
    for name, path in here.items():
        if path.read_bytes() != there[name].read_bytes():
            raise wrong(f"{name} differs")


def ended(folder: Path) -> None:
    """The last run's log says that the session is over."""
    logs = entries(folder)
    last = logs[max(logs)]
    if not last or last[-1]["event"] != "ended":
        raise wrong(f"{log_name(max(logs))} does not say that the session has ended")
