"""The process that a shell starts for a line that matches a hold, on a real terminal."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from broker.host.failures import REFUSED
from broker.host.invocation import command
from broker.wire.codec import encode, pack
from broker.wire.messages import Done
from tests.host.scripted_recorder import ScriptedRecorder, holds_of, scripted_recorder
from tests.journeys.terminal import Terminal

TERMINAL = "run-1.terminal-1.cast"
ASKED = "anything else not to: "
# As a line editor leaves the terminal: keys at once, no echo. Ours must put that back.
SCRIPT = """stty -icanon -echo -icrnl; before=$(stty -g); printf %s "$LINE" | "$@"; status=$?
[ "$before" = "$(stty -g)" ] && echo "status=$status" """


class Asked:
    """``held`` in front of somebody, and the recorder that it asks."""

    def __init__(self, folder: Path, recorder: ScriptedRecorder) -> None:
        self.socket = folder / "s1.sock"
        self.recorder = recorder
        self.terminal: Terminal

    async def about(self, line: str, socket: Path | None = None) -> None:
        told = command("held", str(socket or self.socket), TERMINAL)
        env = {"PATH": os.environ["PATH"], "LINE": line, "TERM": "xterm", "TZ": "UTC"}
        self.terminal = Terminal()
        await self.terminal.run(["sh", "-c", SCRIPT, "sh", *told], env)

    async def ends(self, status: int) -> None:
        await self.terminal.expect(f"status={status}\r\n")
        await self.terminal.ended()


@pytest.fixture
async def asked() -> AsyncIterator[Asked]:
    with tempfile.TemporaryDirectory(prefix="held-") as name:  # short: a socket is in it
        async with scripted_recorder(Path(name) / "s1.sock") as recorder:
            recorder.holds = holds_of("zpool")
            asked = Asked(Path(name), recorder)
            yield asked
            if hasattr(asked, "terminal"):
                await asked.terminal.close()


async def test_it_says_whose_hold_it_is_and_takes_the_word(asked: Asked) -> None:
    await asked.about("ls\nzpool list")
    await asked.terminal.expect("HOLD by bob since 2001-09-09 01:46: do not touch pool/tank")
    await asked.terminal.expect("  ls\r\n  zpool list\r\n")
    await asked.terminal.expect(ASKED)
    asked.terminal.type("overridx\x7fe\r")  # a line that can be edited
    await asked.ends(0)
    assert asked.recorder.done == [
        ("check", "ls\nzpool list", TERMINAL),
        ("override", "ls\nzpool list", TERMINAL),
    ]


@pytest.mark.parametrize(
    "answer", ["\r", "Override\r", "y\r", "\x03", "\x04", "over\x03", "\x1a\r"]
)
async def test_any_other_answer_refuses(asked: Asked, answer: str) -> None:
    await asked.about("zpool list")
    await asked.terminal.expect(ASKED)
    asked.terminal.type(answer)
    await asked.terminal.expect("It has not run.")
    await asked.ends(REFUSED)
    assert [what for what, *_ in asked.recorder.done] == ["check"]


async def test_a_hold_that_was_lifted_a_moment_ago_stops_nothing(asked: Asked) -> None:
    asked.recorder.holds = holds_of()
    await asked.about("zpool list")
    await asked.ends(0)
    assert b"HOLD" not in asked.terminal.printed


async def test_what_others_wrote_does_not_paint_over_the_question(asked: Asked) -> None:
    await asked.about("zpool \x1b[2J\x1b]0;title\x07")
    await asked.terminal.expect("  zpool ?[2J?]0;title?\r\n")
    await asked.terminal.expect(ASKED)
    asked.terminal.type("\r")
    await asked.ends(REFUSED)


async def test_without_a_recorder_the_word_does_and_is_said_not_to_be_logged(asked: Asked) -> None:
    await asked.about("zpool list", asked.socket.with_name("none.sock"))
    await asked.terminal.expect("nor can this be logged: the recorder can't be reached")
    await asked.terminal.expect(ASKED)
    asked.terminal.type("override\r")
    await asked.ends(0)


async def test_a_line_that_no_log_takes_is_asked_about_all_the_same(asked: Asked) -> None:
    await asked.about("zpool " + "x" * 9000 + "\n" * 30)
    await asked.terminal.expect("it has more than 8192 characters")
    await asked.terminal.expect(ASKED)
    asked.terminal.type("\r")
    await asked.ends(REFUSED)
    assert asked.recorder.done == []


async def test_an_answer_that_makes_no_sense_is_none(asked: Asked) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(pack(encode(Done({"stopped": [{"hold": "h7k2"}]}))))
        await writer.drain()
        writer.close()

    path = asked.socket.with_name("odd.sock")
    server = await asyncio.start_unix_server(answer, path)
    await asked.about("zpool list", path)
    await asked.terminal.expect("the recorder's answer makes no sense")
    await asked.terminal.expect(ASKED)
    asked.terminal.type("\r")
    await asked.ends(REFUSED)
    server.close()
    await server.wait_closed()


async def test_a_line_does_not_run_where_nobody_can_be_asked(asked: Asked) -> None:
    process = await asyncio.create_subprocess_exec(
        *command("held", str(asked.socket), TERMINAL),
        stdin=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    await process.communicate(b"zpool list")
    assert process.returncode == REFUSED
