"""The vendor's commands, as processes: what they print, and how they end."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from broker.host.arguments import parser
from broker.recording.asciicast import read_header
from broker.server.http.pages import BUILT
from broker.wire.messages import Append, Held
from broker.wire.names import RECEIPTS
from tests.server.casts import CAST, LOG, cast, entry, started
from tests.server.peers import Site

COMMAND = [sys.executable, "-m", "broker.cli"]
PATIENCE_SECONDS = 30

needs_pages = pytest.mark.skipif(
    not (BUILT / "index.html").exists(), reason="the pages are not built: make setup"
)


def run(*arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, check=False,
        timeout=PATIENCE_SECONDS,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def told(*arguments: str) -> Any:  # noqa: ANN401 - JSON is anything
    status, out, err = run(*arguments, "--json")
    assert status == 0, err
    return json.loads(out)


@contextmanager
def served(data: Path, *more: str) -> Iterator[dict[str, Any]]:
    """A broker, until the block ends; then it must stop by itself when asked to."""
    with (data.parent / "serve.log").open("w") as log:
        process = subprocess.Popen(
            [*COMMAND, "serve", "--data", str(data), "--listen", "127.0.0.1:0", "--json", *more],
            stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
    assert process.stdout is not None
    try:
        text = ""
        while not text.endswith("}\n"):
            line = process.stdout.readline()
            assert line, (data.parent / "serve.log").read_text()
            text += line
        yield json.loads(text)
    finally:
        process.send_signal(signal.SIGTERM)
        status = process.wait(PATIENCE_SECONDS)
        process.stdout.close()
    assert status == 0


def test_help_reads_like_a_page() -> None:
    status, out, _ = run("--help")
    assert status == 0
    assert out.index("At the customer:") < out.index("  grant ") < out.index("At the broker:")
    for command in ("serve", "engineer", "invite", "sessions", "export", "demo"):
        assert f"  {command} " in out
        status, one, _ = run(command, "--help")
        assert status == 0
        assert one.startswith(f"Usage: jumpseat {command}")
    assert run()[1] == out


def test_help_lists_what_the_customers_side_takes() -> None:
    _, out, _ = run("--help")
    listed = re.findall(r"^  ([a-z][a-z-]*)  ", out.partition("At the broker:")[0], re.MULTILINE)
    (commands,) = (
        action.choices
        for action in parser()._actions
        if action.dest == "command" and action.choices
    )
    assert set(listed) == set(commands)


def test_help_is_quick() -> None:
    code = "import sys; from broker.cli import main; sys.argv = ['jumpseat', '--help']\n"
    code += "try: main.main()\nexcept SystemExit: pass\n"
    code += "print([name for name in ('aiohttp', 'sqlalchemy', 'asyncio') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")


def test_the_customers_commands_are_passed_on() -> None:
    status, out, _ = run("grant", "--help")
    assert status == 0
    assert "--broker" in out
    assert run("grant")[0] == 2


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["nonsense"], 2, "No such command"),
        (["serve", "--data", "D"], 2, "--listen"),
        (["serve", "--data", "D", "--listen", "here"], 2, "HOST:PORT"),
        (["serve", "--data", "D", "--listen", "0.0.0.0:0"], 2, "--url"),
        (["serve", "--data", "D", "--listen", "127.0.0.1:0", "--url", "nothing"], 2, "URL"),
        (["serve", "--data", "D", "--listen", "127.0.0.1:0", "--config", "C"], 2, "can't read C"),
        (["serve", "--data", "/proc/nothing", "--listen", "127.0.0.1:0"], 1, "/proc/nothing"),
        (["invite", "--case", "x", "--data", "D"], 3, "no broker has used"),
        (["sessions", "--data", "D"], 3, "no broker has used"),
        (["export", "x", "-o", "O", "--data", "D"], 3, "no broker has used"),
        (["commands", "x", "--data", "D"], 3, "no broker has used"),
        (["bundle", "x", "-o", "O", "--data", "D"], 3, "no broker has used"),
        (["import", "F", "--data", "D"], 3, "no broker has used"),
        (["verify", "x", "--data", "D"], 3, "no broker has used"),
        (["verify", "--data", "D"], 64, "SESSION"),
        (["verify", "x", "--data", "D", "--key", "mine"], 64, "--key: a key looks like"),
        (["commands", "--data", "D"], 2, "SESSION"),
        (["engineer", "add", "alice", "--data", "D"], 3, "no broker has used"),
        (["demo"], 2, "terminal"),
    ],
)  # fmt: skip
def test_errors_are_one_line_and_a_status(
    arguments: list[str], status: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    got, out, err = run(*arguments)
    assert (got, out) == (status, "")
    assert said in err
    assert re.fullmatch(r"jumpseat: [^\n]+\n", err)


@needs_pages
def test_serve_until_it_is_told_to_stop(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with served(data) as ready:
        assert "/sign-in#" in ready["sign_in"]
        with urllib.request.urlopen(f"{ready['url']}/healthz") as got:  # noqa: S310 - ours
            assert json.load(got)["status"] == "ok"

        status, _, err = run("serve", "--data", str(data), "--listen", "127.0.0.1:0")
        assert (status, err) == (5, f"jumpseat: another broker runs on {data}\n")
        with socket.create_server(("127.0.0.1", 0)) as taken:
            listen = f"127.0.0.1:{taken.getsockname()[1]}"
            status, _, err = run("serve", "--data", str(tmp_path / "other"), "--listen", listen)
        assert status == 4
        assert "Address already in use" in err
        assert (tmp_path / "data" / "metadata.sqlite3").stat().st_mode & 0o077 == 0
    with served(data, "--engineer", "bob") as ready:
        assert ready["sign_in"]


@needs_pages
def test_serve_as_configured(tmp_path: Path) -> None:
    data, config = tmp_path / "data", tmp_path / "broker.toml"
    config.write_text('banner = "Call us: 0123"\nmax_grant = "90m"\n')
    with served(data, "--config", str(config)) as ready:
        key = ready["key"]
        code = told("invite", "--case", "x", "--data", str(data))["code"]
        asked = urllib.request.Request(  # noqa: S310 - ours
            f"{ready['url']}/api/invitations/look",
            json.dumps({"code": code, "nonce": "0123456789abcdef"}).encode(),
        )
        with urllib.request.urlopen(asked) as got:  # noqa: S310 - ours
            terms = json.load(got)
        assert (terms["banner"], terms["max_seconds"]) == ("Call us: 0123", 5400)
    assert key in (tmp_path / "serve.log").read_text(), "where an operator looks, too"
    with served(data) as ready:
        assert ready["key"] == key
    (data / "identity.key").write_text("no key")
    status, _, err = run("serve", "--data", str(data), "--listen", "127.0.0.1:0")
    assert status == 1
    assert "identity.key holds no key" in err
    config.write_text('baner = "x"')
    status, _, err = run(
        "serve", "--data", str(data), "--listen", "127.0.0.1:0", "--config", str(config)
    )
    assert status == 2
    assert "there is no setting 'baner'; there are banner, max_grant" in err


@needs_pages
def test_invitations_beside_a_broker(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    with served(tmp_path / "data", "--engineer", "alice") as ready:
        made = told("invite", "--case", "pool import hangs", "--data", data, "--minutes", "5")
        assert made["engineer"] == "alice"
        assert made["line"].endswith(f"grant {made['code']} --broker {ready['url']}")
        again = told("invite", "--case", "pool import hangs", "--data", data)
        assert again["case"] == made["case"]
        status, out, _ = run("invite", "--case", "another", "--data", data)
        assert status == 0
        assert re.search(r"Code: [0-9A-Z-]{19} ", out)
        assert run("invite", "--case", "x", "--data", data, "--engineer", "nobody")[0] == 3
        assert run("invite", "--case", " ", "--data", data)[0] == 2
        assert run("invite", "--case", "x", "--data", data, "--minutes", "0")[0] == 2
        assert told("sessions", "--data", data) == []
        assert run("sessions", "--data", data)[1] == "no sessions yet\n"
        added = told("engineer", "add", "bob", "--data", data)
        assert added["sign_in"].startswith(f"{ready['url']}/sign-in#")


async def delivered(ready: dict[str, Any], data: Path, streams: dict[str, bytes]) -> str:
    """A session of which the broker holds these streams."""
    url = ready["url"]
    jar = aiohttp.CookieJar(unsafe=True)
    async with (
        aiohttp.ClientSession(url, headers={"Origin": url}, cookie_jar=jar) as engineer,
        aiohttp.ClientSession(url) as host_side,
    ):
        body = {"token": ready["sign_in"].partition("#")[2]}
        async with engineer.post("/api/sign-in", json=body) as got:
            assert got.status == 200
        site = Site(url, engineer, host_side)
        granted = await site.grant()
        async with site.connected(granted) as (host, _):
            for stream, bytes_ in streams.items():
                for at in range(0, len(bytes_), 60_000):
                    await host.send(Append(stream, at, bytes_[at : at + 60_000]))
                size = len(bytes_)
                await host.wait(Held, lambda held, size=size: held.offset == size)  # type: ignore[misc]
            asked = asyncio.to_thread(told, "sessions", "--data", str(data))
            live = (await host.meanwhile(asked))[0]
            assert live["presence"]["state"] == "empty"
        return str(granted["session"])


def check_commands(session: str, data: Path) -> None:
    live = told("commands", session, "--data", str(data))
    ended = told("commands", session, f"--data={data}", "--failed")
    assert live == ended
    assert [(one["line"], one["status"]) for one in live["commands"]] == [("false", 1)]
    status, rows, _ = run("commands", session, "--data", str(data), "--person", "alice")
    assert (status, rows.split()[-6:]) == (0, ["alice", "exit", "1", "0.5", "s", "false"])
    assert run("commands", "nosuch", "--data", str(data))[0] == 3


@needs_pages
def test_sessions_and_their_export(tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    recording = cast([b"line %d\r\n" % number for number in range(5000)])
    begun = {"terminal": CAST, "shell": "bash 5.2", "depth": 1, "cwd": "/", "offset": 0}
    log = started() + entry(
        5.0, "command_started", command="1-1", line="false", shares={"alice": 5}, **begun
    )
    log += entry(5.5, "command_ended", command="1-1", terminal=CAST, status=1, offset=9)

    with served(data) as ready:
        session = asyncio.run(delivered(ready, data, {LOG: log, CAST: recording}))
        files = told("export", session, "-o", str(out), "--data", str(data))
        assert [file["stream"] for file in files] == [LOG, CAST, RECEIPTS]
        assert (out / CAST).read_bytes() == recording
        assert (out / LOG).read_bytes() == log
        assert run("export", "nosuch", "-o", str(out), "--data", str(data))[0] == 3
        assert run("export", "../..", "-o", str(out), "--data", str(data))[0] == 3
        check_commands(session, data)

    (listed,) = told("sessions", "--data", str(data))
    assert listed["id"] == session
    assert listed["protected"] is True
    assert listed["presence"]["state"] == "link-lost"
    assert listed["streams"][1] == {"name": CAST, "size": len(recording)}
    assert (listed["mode"], listed["standing"]) == ("approve", "live")
    head, row = run("sessions", "--data", str(data))[1].splitlines()
    assert head.split()[3:5] == ["MODE", "STANDING"]
    assert row.startswith(session)
    assert "  approve  live      link-lost  " in row

    again = told("export", session, "-o", str(out), "--data", str(data))
    assert again[:2] == files[:2], "once more; receipts may have come since"
    (out / CAST).write_bytes(recording[:100])
    assert run("export", session, "-o", str(out), "--data", str(data))[0] == 0
    assert (out / CAST).read_bytes() == recording
    (out / CAST).write_text("somebody's own")
    status, _, err = run("export", session, "-o", str(out), "--data", str(data))
    assert status == 5
    assert "is something else" in err
    assert (out / CAST).read_text() == "somebody's own"

    v3 = tmp_path / "v3"
    assert run("export", session, "-o", str(v3), "--data", str(data), "--v3")[0] == 0
    assert json.loads((v3 / CAST).read_text().splitlines()[0])["version"] == 3
    assert read_header(recording.decode().split("\n")[0])["version"] == 2
    assert sorted(os.listdir(v3)) == [LOG, CAST]  # noqa: PTH208 - names alone
    assert time.time() > listed["created"]
