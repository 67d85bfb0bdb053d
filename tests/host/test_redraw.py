from __future__ import annotations

import os
import select
import signal
import time
from pathlib import Path

import avt
import pytest

from broker.host.redraw import Redraw, redraw
from broker.recording.asciicast import Encoder

COLS, ROWS = 80, 24


def recorded(*outputs: bytes) -> bytes:
    encoder = Encoder()
    head = encoder.header(COLS, ROWS, 0, {}, "")
    return head + b"".join(encoder.output(float(at), one) for at, one in enumerate(outputs))


def redrawn(recording: bytes) -> Redraw:
    return redraw(lambda offset, size: recording[offset : offset + size], len(recording))


def screen(*outputs: bytes) -> list[str]:
    terminal = avt.Vt(COLS, ROWS)
    for one in outputs:
        terminal.feed_str(one.decode("utf-8", "replace"))
    return [line.text.rstrip() for line in terminal.view()]


def printed_by(program: list[str], last: bytes, tmp_path: Path) -> bytes:
    """What a real program prints on a PTY until it has printed ``last``."""
    pid, master = os.forkpty()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", HOME=str(tmp_path), LINES="24", COLUMNS="80")
        os.execvp(program[0], program)  # noqa: S606 - no shell is wanted
    printed = b""
    deadline = time.monotonic() + 20
    try:
        while last not in printed:
            assert time.monotonic() < deadline, printed
            if select.select([master], [], [], 0.1)[0]:
                printed += os.read(master, 65536)
        return printed
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(master)


@pytest.mark.parametrize("program", ["vim", "less"])
def test_a_real_full_screen_program_looks_the_same(program: str, tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("".join(f"line {n}: 漢字 é\n" for n in range(1, 200)))
    before = b"$ ls\r\nsome output\r\n$ "
    printed = before + printed_by([program, str(text)], b"line 23", tmp_path)
    found = redrawn(recorded(printed[:50], printed[50:]))
    assert found.full_screen == (b"\x1b[?1049h" in printed)
    assert screen(b"left over\r\n" * 30, found.clear + found.data) == screen(printed)


def test_a_shell_looks_the_same_with_its_modes() -> None:
    printed = [b"\x1b[?2004h$ ", b"ls\r\n\x1b[?2004l", b"a  b\r\n", b"\x1b[?2004h$ ", b"\x1b[?25l"]
    found = redrawn(recorded(*printed))
    assert screen(found.data) == screen(*printed)
    assert found.data.endswith(b"\x1b[?25l\x1b[?2004h")
    assert not found.full_screen


def test_only_what_came_after_the_last_clear_is_shown_again() -> None:
    found = redrawn(recorded(b"secret of before\r\n", b"\x1b[H\x1b[2J$ now"))
    assert b"secret" not in found.data
    assert screen(found.data) == screen(b"$ now")


def test_leaving_a_full_screen_program_brings_the_prompt_back() -> None:
    found = redrawn(recorded(b"$ vim\r\n\x1b[?1049h\x1b[2Jtext", b"\x1b[?1049l$ "))
    assert not found.full_screen
    assert b"text" not in found.data


def test_queries_are_not_asked_again() -> None:
    assert b"\x1b[c" not in redrawn(recorded(b"$ \x1b[c")).data


def test_modes_set_long_ago_are_in_force() -> None:
    flood = [b"x" * 60_000] * 40
    found = redrawn(recorded(b"\x1b[?1049h\x1b[?1000h\x1b[?1006h", *flood))
    assert found.full_screen
    assert found.data.endswith(b"\x1b[?1000h\x1b[?1006h")
    assert len(found.data) < 1_100_000


def test_an_empty_recording_is_an_empty_screen() -> None:
    assert screen(redrawn(b"").data) == screen(b"")
