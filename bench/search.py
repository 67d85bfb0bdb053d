"""Search over made recordings: how fast they are indexed, and how long queries take.

``python -m bench.search [--mib N]``. The rate is told beside that of reading and parsing the same
bytes in the same run, so that runs on different machines can be compared.
"""

import argparse
import json
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import accumulate
from pathlib import Path

from broker.recording.asciicast import Encoder
from broker.recording.session_log import encode
from broker.server.search.find import find
from broker.server.search.index import Index
from broker.server.search.query import read
from broker.server.search.reading import Reading
from broker.server.search.schema import FILE_NAME
from broker.server.stores.recordings import Recordings
from broker.wire.names import log_name, terminal_name

MIB = 1024 * 1024
SESSION_BYTES = 8 * MIB
OUTPUT_BYTES = 24 * 1024
BEGAN = 1_700_000_000.0
RUNS = 60
RARE = "needle"

chance = random.Random(1)  # noqa: S311 - the same recordings each time


LETTERS = "etaoinshrdlucmfwypvbgkjqxz"
WORDS = ["".join(chance.choices(LETTERS, k=2 + number % 9)) for number in range(40_000)]
WEIGHTS = list(accumulate(1 / (rank + 3) for rank in range(len(WORDS))))


def vocabulary() -> Iterator[str]:
    """Words as often as they are in texts: few common ones, many that are rare."""
    while True:
        yield from chance.choices(WORDS, cum_weights=WEIGHTS, k=10_000)


def text_lines() -> list[str]:
    """Lines of logs, listings and prose, with colours, of which output is made."""
    words = vocabulary()
    lines = []
    for number in range(20_000):
        some = " ".join(next(words) for _ in range(4 + number % 9))
        kind = number % 3
        if kind == 0:
            lines.append(f"Nov {number % 28 + 1:2} 10:{number % 60:02}:07 nas kernel[%d]: {some}")
        elif kind == 1:
            lines.append(f"-rw-r--r-- 1 root root %7d \x1b[01;32m{some.replace(' ', '-')}\x1b[0m")
        else:
            lines.append(f"    {some}. %d")
    return lines


def recorded(lines: list[str], number: int) -> tuple[bytes, bytes]:
    """The recording and the log of one session."""
    encoder = Encoder()
    pieces = [encoder.header(120, 40, BEGAN, {}, "bench")]
    size, t, log, terminal = len(pieces[0]), 0.0, [], terminal_name(1, 1)

    def output(text: str) -> None:
        nonlocal size, t
        t += 0.05
        pieces.append(encoder.output(t, text.encode()))
        size += len(pieces[-1])

    command = 0
    while size < SESSION_BYTES:
        command += 1
        line = f"{chance.choice(['cat', 'grep -r', 'ls -l', 'zpool'])} /srv/{command % 97}/{number}"
        output(f"$ {line}\r\n")
        told: dict[str, object] = {"command": f"1-{command}", "terminal": terminal}
        shares = {chance.choice(["alice", "customer"]): 9}
        more = {"line": line, "shell": "bash 5.2", "depth": 1, "cwd": "/srv", "shares": shares}
        log.append(encode(t, "command_started", offset=size, **told, **more))
        end = size + chance.randrange(2 * OUTPUT_BYTES)
        while size < end:
            some = chance.choices(lines, k=25)
            output("".join(line % chance.randrange(1 << 13) + "\r\n" for line in some))
        if chance.random() < 0.01:
            output(f"one {RARE} in all of it\r\n")
        status = chance.choice([0, 0, 0, 1, 2])
        log.append(encode(t, "command_ended", status=status, offset=size, **told))
    return b"".join(pieces), b"".join(log)


def make(recordings: Recordings, mib: int) -> list[tuple[str, str, int]]:
    """Sessions of so much altogether: session, stream and size of each, logs first."""
    lines, made = text_lines(), []
    for number in range(max(1, mib * MIB // SESSION_BYTES)):
        session = f"s{number}"
        recording, log = recorded(lines, number)
        for name, data in ((log_name(1), log), (terminal_name(1, 1), recording)):
            recordings.append(session, name, 0, data)
            made.append((session, name, len(data)))
    return made


def parse(recordings: Recordings, made: list[tuple[str, str, int]]) -> float:
    """Seconds that reading all lines takes."""
    began = time.perf_counter()
    for session, name, size in made:
        for line in recordings.lines(session, name, size):
            json.loads(line)
    return time.perf_counter() - began


def index(reading: Reading, made: list[tuple[str, str, int]]) -> float:
    """Seconds that indexing takes."""
    began = time.perf_counter()
    for number, (session, name, size) in enumerate(made):
        done = 0
        while done < size:
            done = reading.step(session, name, size, BEGAN + number * 3600)
    return time.perf_counter() - began


def timed(path: Path, sessions: list[str], ask: Callable[[], dict[str, str]]) -> tuple[str, int]:
    """How long such queries take, and the median of how much they find."""
    took, counts = [], []
    for _ in range(RUNS):
        query = read(ask())
        began = time.perf_counter()
        hits, _ = find(path, query, [query.session] if query.session else sessions)
        took.append((time.perf_counter() - began) * 1000)
        counts.append(len(hits))
    took.sort()
    middle, late = statistics.median(took), took[int(len(took) * 0.95)]
    return f"{middle:>9.1f}{late:>9.1f}", int(statistics.median(counts))


def main() -> None:
    """Make, index, ask."""
    parser = argparse.ArgumentParser(prog="python -m bench.search")
    parser.add_argument("--mib", type=int, default=64, help="how much is made")
    mib = parser.parse_args().mib
    folder = Path(tempfile.mkdtemp(prefix="bench-search-"))
    try:
        recordings = Recordings(folder / "recordings")
        recordings.prepare()
        made = make(recordings, mib)
        size = sum(size for _, _, size in made)
        parsed = parse(recordings, made)
        path = folder / FILE_NAME
        took = index(Reading(recordings.root, Index(path)), made)
        rate = f"{size / took / 1e6:.1f} MB/s, {parsed / took:.2f} of reading and parsing alone"
        print(f"search: {size / MIB:.0f} MiB indexed at {rate}", flush=True)
        print(f"search: the index has {path.stat().st_size / size:.2f} of their size", flush=True)
        tell(path, [session for session, _, _ in made])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def tell(path: Path, names: list[str]) -> None:
    """One row for each kind of query."""
    words = vocabulary()
    common = [next(words) for _ in range(RUNS * 3)]
    kinds: dict[str, Callable[[], dict[str, str]]] = {
        "rare word": lambda: {"q": RARE},
        "common word": lambda: {"q": chance.choice(common)},
        "three words": lambda: {"q": " ".join(chance.sample(common, 3))},
        "phrase": lambda: {"q": '"in all of it"'},
        "beginning": lambda: {"q": chance.choice(common)[:3] + "*"},
        "failed ones of one person": lambda: {
            "q": chance.choice(common), "exit": "failed", "person": "alice", "in": "output",
        },
        "in one session": lambda: {"q": chance.choice(common), "session": chance.choice(names)},
        "nothing": lambda: {"q": chance.choice(common), "exit": "77"},
        "part of a command line": lambda: {"q": f"rv/{chance.randrange(97)}/", "in": "commands"},
        "two letters of one": lambda: {"q": "zp", "in": "commands"},
    }  # fmt: skip
    sessions = sorted(set(names))
    print(f"{'':<34}{'p50':>9}{'p95':>9} ms   hits", flush=True)
    for name, ask in kinds.items():
        took, hits = timed(path, sessions, ask)
        print(f"search, {name:<26}{took}    {hits:>5}", flush=True)


if __name__ == "__main__":
    main()
