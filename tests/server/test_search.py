"""Search: what is found, in what order and with which filters; and that a crash costs nothing."""

import asyncio
import contextlib
import os
import signal
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from broker.recording.asciicast import Encoder
from broker.server.search import indexer
from broker.server.search.index import read_lines
from broker.server.search.reading import STEP_BYTES
from broker.wire.messages import Append, Held
from tests.server.casts import CAST, LOG, entry, started
from tests.server.conftest import Serve
from tests.server.peers import PATIENCE_SECONDS, Peer, Site


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexer, "_PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(indexer, "_TROUBLE_SECONDS", 0.02)


class Story:
    """A recording and its log, written together."""

    def __init__(self, cols: int = 80, rows: int = 24) -> None:
        self._encoder = Encoder()
        self.cast = bytearray()
        self.cast += self._encoder.header(cols, rows, 1_700_000_000.0, {}, "test")
        self.log = started() + entry(0.5, "opened", terminal=CAST, cols=cols, rows=rows)
        self._commands = 0

    def output(self, t: float, text: str) -> None:
        self.cast += self._encoder.output(t, text.encode())

    def run(self, t: float, line: str, output: str, status: int, person: str) -> None:
        self._commands += 1
        self.output(t, f"$ {line}\r\n")
        name = f"1-{self._commands}"
        fields: dict[str, object] = {"command": name, "terminal": CAST, "line": line}
        fields |= {"shell": "bash 5.2", "depth": 1, "cwd": "/srv", "shares": {person: len(line)}}
        fields["offset"] = len(self.cast)
        self.log += entry(t, "command_started", **fields)
        self.output(t + 0.0001, output)
        self.log += entry(
            t + 0.2,
            "command_ended",
            command=name,
            terminal=CAST,
            status=status,
            offset=len(self.cast),
        )


def story() -> Story:
    told = Story()
    told.run(1.0, "zpool status tank", "  pool: tank\r\n state: DEGRADED\r\n", 0, "alice")
    told.run(2.0, "ls /nosuch", "ls: cannot access '/nosuch': No such file\r\n", 2, "customer")
    told.run(3.0, "cat übergröße.txt", "Straße 日本語テキスト ok\r\n", 0, "customer")
    told.run(4.0, "zpool clear tank", "", 1, "alice")
    return told


async def append(host: Peer, name: str, data: bytes | bytearray, since: int = 0) -> None:
    for at in range(since, len(data), 60_000):
        await host.send(Append(name, at, bytes(data[at : at + 60_000])))
    if len(data) > since:
        await host.wait(Held, lambda held: held.stream == name and held.offset == len(data))


async def held(site: Site, told: Story) -> str:
    """A session of which this is held."""
    granted = await site.grant()
    async with site.connected(granted) as (host, _):
        await append(host, CAST, told.cast)
        await append(host, LOG, told.log)
    session: str = granted["session"]
    return session


async def search(site: Site, q: str, **filters: object) -> dict[str, Any]:
    """What is found once everything is indexed."""
    params = {"q": q, **{name.rstrip("_"): str(value) for name, value in filters.items()}}
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            async with site.engineer.get("/api/search", params=params) as got:
                found: dict[str, Any] = await got.json()
            assert got.status == 200 or found["error"]["code"] == "no-index", found
            if found.get("behind") == 0:
                return found
            await asyncio.sleep(0.02)


async def lines(site: Site, q: str, **filters: object) -> list[str]:
    """Of each hit: its kind, its command, and the text that was found."""
    hits = (await search(site, q, **filters))["hits"]
    return [
        f"{hit['kind']} {hit['command']} " + "|".join(hit["text"][a:b] for a, b in hit["marks"])
        for hit in hits
    ]


async def test_a_hit_is_told_with_what_is_known_of_it(site: Site) -> None:
    session = await held(site, story())
    found = await search(site, "degraded")
    (hit,) = found["hits"]
    summary = await site.summary(session)
    assert hit == {
        "session": session,
        "case": summary["case"],
        "host": "nas",
        "engineer": "alice",
        "began": summary["created"],
        "terminal": CAST,
        "t": 1.0001,
        "kind": "output",
        "command": "1-1",
        "persons": ["alice"],
        "line": "zpool status tank",
        "status": 0,
        "text": "  pool: tank\n state: DEGRADED",
        "marks": [[21, 29]],
    }
    assert (found["next"], found["behind"]) == (None, 0)


FOUND: list[tuple[str, dict[str, object], list[str]]] = [
    ("zpool", {"in_": "commands"}, ["command 1-4 zpool", "command 1-1 zpool"]),
    ("ZPOOL", {"in_": "commands", "exit": "failed"}, ["command 1-4 zpool"]),
    ("poo", {"in_": "commands", "exit": 0}, ["command 1-1 poo"]),
    ("ls", {"in_": "commands"}, ["command 1-2 ls"]),
    ("poo", {"in_": "output"}, []),
    ("poo*", {"person": "alice", "exit": 0, "in_": "output"}, ["output 1-1 pool"]),
    ('"no such file"', {}, ["output 1-2 No such file"]),
    ('"no such fi"*', {}, ["output 1-2 No such file"]),
    ('"such no file"', {}, []),
    ("file such", {}, ["output 1-2 such|file"]),
    ("nosuch", {"exit": 2}, ["output 1-2 nosuch", "command 1-2 nosuch"]),
    ("nosuch", {"in_": "output", "exit": 0}, []),
    ("nosuch", {"person": "bob"}, []),
    ("strasse", {}, []),
    ("STRAßE", {}, ["output 1-3 Straße"]),
    ("ubergroße", {"in_": "output"}, ["output None übergröße"]),
    ("日本", {}, ["output 1-3 日本"]),
    ("本語テ", {}, ["output 1-3 本語テ"]),
    ("語本", {}, []),
    ("/nosuch'", {"exit": 2, "in_": "output"}, ["output 1-2 nosuch"]),
    ("OR NEAR(", {}, []),
    ('"unended', {}, []),
    ("status:tank ^pool", {}, []),
    ("--", {}, []),
    ("pool", {"since": 4e9}, []),
    ("pool", {"until": 1.0}, []),
    ("pool", {"session": "nosuch"}, []),
    ("pool", {"case": "nosuch"}, []),
]


async def test_what_is_found(site: Site) -> None:
    session = await held(site, story())
    for q, filters, expected in FOUND:
        assert await lines(site, q, **filters) == expected, (q, filters)
    case = (await site.summary(session))["case"]["id"]
    now = {"since": 1, "until": 4e9, "session": session, "case": case, "in_": "output"}
    assert await lines(site, "degraded", **now) == ["output 1-1 DEGRADED"]


async def test_a_hit_shows_the_lines_where_most_of_it_stands(site: Site) -> None:
    told = Story()
    told.output(1.0, "".join(f"apple {number}\r\n" for number in range(10)))
    told.output(2.0, "pear 10\r\nplum 11\r\n" + "".join(f"apple {n}\r\n" for n in range(12, 18)))
    await held(site, told)
    (hit,) = (await search(site, "apple plum pear"))["hits"]
    assert hit["text"].split("\n") == ["apple 7", "apple 8", "apple 9", "pear 10", "plum 11"]
    assert [hit["text"][a:b] for a, b in hit["marks"]] == ["apple"] * 3 + ["pear", "plum"]
    assert hit["t"] == 1.0


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({}, "q: what to search for"),
        ({"q": ' "" * '}, "q: what to search for"),
        ({"q": "x" * 501}, "q: at most 500 characters, not 501"),
        ({"q": "x " * 21}, "q: at most 20 words and phrases, not 21"),
        ({"q": "--", "in": "output"}, "output is searched by words: each must have a letter"),
        ({"q": "x", "in": "all"}, "in: commands or output"),
        ({"q": "x", "exit": "bad"}, "exit: failed, or a status from 0 to 255"),
        ({"q": "x", "since": "nan"}, "since: seconds since 1970"),
        ({"q": "x", "until": "-1"}, "until: seconds since 1970"),
        ({"q": "x", "before": "9" * 20}, "before: the next of the page before"),
    ],
)
async def test_what_makes_no_sense(site: Site, params: dict[str, str], said: str) -> None:
    async with site.engineer.get("/api/search", params=params) as got:
        error = (await got.json())["error"]
        assert (got.status, error["code"]) == (400, "bad-query")
        assert said in error["message"]


async def test_only_engineers_search(site: Site) -> None:
    async with site.host.get("/api/search?q=x") as got:
        assert got.status == 401


async def test_pages_of_all_sessions_newest_first(site: Site) -> None:
    for number in range(2):
        told = Story()
        for at in range(60):
            told.run(at / 1000, f"probe {number}", "common " * 300 + "\r\n", 0, "alice")
        await held(site, told)
    first = await search(site, "common", in_="output")
    found = list(first["hits"])
    while first["next"] is not None:
        assert len(first["hits"]) == 50
        first = await search(site, "common", in_="output", before=first["next"])
        found += first["hits"]
    times = [hit["began"] + hit["t"] for hit in found]
    assert times == sorted(times, reverse=True)
    assert len({(hit["session"], hit["command"]) for hit in found}) == 120


async def test_a_session_that_goes_on_is_found_as_it_stands(site: Site) -> None:
    told = story()
    granted = await site.grant()
    async with site.connected(granted) as (host, _):
        # The recording first: whose output it is, is known only when the log comes.
        await append(host, CAST, told.cast)
        assert await lines(site, "degraded") == ["output None DEGRADED"]
        await append(host, LOG, told.log)
        assert await lines(site, "degraded") == ["output 1-1 DEGRADED"]
        assert await lines(site, "such", exit=2, in_="output") == ["output 1-2 such"]

        since = len(told.cast), len(told.log)
        told.output(9.0, "$ watch\r\n" + "new line\r\n" * 3)
        told.log += entry(10.0, "entered", terminal=CAST, shares={"bob": 5}, line="watch")
        await append(host, CAST, told.cast, since[0])
        await append(host, LOG, told.log, since[1])
        assert await lines(site, "new") == ["output None new|new|new"]
        assert await lines(site, "watch", person="bob") == ["command e1 watch"]
        assert await lines(site, "degraded") == ["output 1-1 DEGRADED"]


async def test_what_an_earlier_run_left_may_come_after_a_later_one_has_begun(site: Site) -> None:
    def typed(t: float, line: str) -> bytes:
        return entry(t, "entered", terminal=CAST, shares={"bob": 5}, line=line)

    first = started() + typed(1.0, "first line") + typed(2.0, "second line")
    later = started(2, 100.0) + typed(101.0, "third line") + typed(102.0, "fourth line")
    cut = first.index(b"second") - 60
    granted = await site.grant()
    async with site.connected(granted) as (host, _):
        await append(host, LOG, first[:cut])
        await append(host, "run-2.log", later[:-90])
        assert len(await lines(site, "line")) == 2
        await append(host, LOG, first, cut)
        await append(host, "run-2.log", later, len(later) - 90)
        found = [
            (hit["command"], hit["t"], hit["text"]) for hit in (await search(site, "line"))["hits"]
        ]
    assert sorted(found) == [
        ("e1", 1.0, "first line"),
        ("e2", 2.0, "second line"),
        ("e3", 101.0, "third line"),
        ("e4", 102.0, "fourth line"),
    ]


def numbered(told: Story, start: int, count: int) -> None:
    for at in range(start, start + count, 20):
        rows = [f"line n{number} of many that are printed here" for number in range(at, at + 20)]
        told.output(at / 1e6, "".join(row + "\r\n" for row in rows))


def worker_of(data: Path) -> int | None:
    for process in Path("/proc").iterdir():
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"broker.server.search.worker" in words and str(data / "search.db").encode() in words:
            return int(process.name)
    return None


async def test_a_crash_amid_indexing_loses_nothing_and_tells_nothing_twice(
    serve: Serve, data: Path
) -> None:
    told = Story()
    since = count = known = 0
    async with serve() as site:
        granted = await site.grant()
        # Again with more, where it was through with all of it before it was killed.
        while known == since:
            numbered(told, count, 40_000)
            count += 40_000
            assert len(told.cast) - since > STEP_BYTES  # more than one step
            async with site.connected(granted) as (host, _):
                await append(host, CAST, told.cast, since)
            since, known = len(told.cast), await killed_beyond(known, data)
    assert 0 < known < since
    async with serve() as site:
        await search(site, "line")
    assert numbers(data) == list(range(count))


async def killed_beyond(known: int, data: Path) -> int:
    """Kill the worker once it has indexed more than that; gives how far it came."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            pid = worker_of(data)
            if pid is not None and indexed(data) > known:
                with contextlib.suppress(ProcessLookupError):  # it ended, and another begins
                    os.kill(pid, signal.SIGKILL)
                    return indexed(data)
            await asyncio.sleep(0.002)


def indexed(data: Path) -> int:
    """How far the recording is indexed."""
    try:
        with contextlib.closing(sqlite3.connect(data / "search.db")) as db:
            rows = db.execute("SELECT indexed FROM streams WHERE name = ?", (CAST,)).fetchall()
    except sqlite3.OperationalError:
        return 0
    return int(rows[0][0]) if rows else 0


def numbers(data: Path) -> list[int]:
    """The numbers of all lines in the index, in order; the last of each piece is found by it."""
    with contextlib.closing(sqlite3.connect(data / "search.db")) as db:
        found = []
        for rowid, packed in db.execute("SELECT id, lines FROM pieces ORDER BY id"):
            for line in read_lines(packed):
                found.append(int(line.text.split()[1][1:]))
            match = f"n{found[-1]}"
            hits = [row[0] for row in db.execute("SELECT rowid FROM words(?)", (match,))]
            assert hits == [rowid]
        return found


async def test_the_index_is_made_again_where_it_is_gone_or_broken(serve: Serve, data: Path) -> None:
    async with serve() as site:
        await held(site, story())
        assert await lines(site, "degraded") == ["output 1-1 DEGRADED"]
    for broken in (None, b"no database" * 1000):
        for name in ("search.db", "search.db-wal", "search.db-shm"):
            (data / name).unlink(missing_ok=True)
        if broken is not None:
            (data / "search.db").write_bytes(broken)
        async with serve() as site:
            assert await lines(site, "degraded") == ["output 1-1 DEGRADED"]
    assert (data / "search.db").stat().st_mode & 0o777 == 0o600


async def test_a_stream_that_kills_the_worker_is_skipped_and_named(
    serve: Serve, data: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(indexer, "_STEP_SECONDS", 0.5)
    told = Story(500, 200)
    told.output(1.0, "secret-word " + "\x1b[2J" * 100_000)
    async with serve() as site:
        await held(site, told)
        assert await lines(site, "degraded") == []
        said = capfd.readouterr().out
        assert "not searchable from here on" in said
        assert CAST in said
        assert "secret-word" not in said
        monkeypatch.setattr(indexer, "_STEP_SECONDS", 60.0)
        await held(site, story())
        assert await lines(site, "degraded") == ["output 1-1 DEGRADED"]
    monkeypatch.setattr(indexer, "_STEP_SECONDS", 0.5)
    async with serve() as site:
        assert await lines(site, "degraded") == ["output 1-1 DEGRADED"]
