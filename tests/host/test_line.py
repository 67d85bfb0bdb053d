"""Lines that were entered, as a terminal told them: real shells, real keys."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.host.line import LineWatch
from tests.host.line_seat import COLS, LineSeat, line_seat
from tests.host.scripted_recorder import holds_of
from tests.host.shell_seat import ASKED, PROMPT, TERMINAL
from tests.journeys.waiting import until

EDITORS = ("bash", "zsh", "fish")
PLAIN = ("dash", "ash", "ksh")
UP, LEFT, RIGHT, DELETE = "\x1b[A", "\x1b[D", "\x1b[C", "\x1b[3~"
HOME, END, KILL, WORD, YANK, SEARCH, CLEAR = "\x01", "\x05", "\x15", "\x17", "\x19", "\x12", "\x0c"
LONG = "echo " + " ".join(f"{n:03}" for n in range(25)) + "Q"  # three rows of 40


@pytest.fixture
async def seat(request: pytest.FixtureRequest) -> AsyncIterator[LineSeat]:
    shell, rc = request.param if isinstance(request.param, tuple) else (request.param, "")
    with tempfile.TemporaryDirectory(prefix="line-") as folder:  # short: a socket is in it
        async with line_seat(shell, Path(folder), rc) as seat:
            yield seat


def on(*shells: str | tuple[str, str]) -> pytest.MarkDecorator:
    ids = [one if isinstance(one, str) else one[0] for one in shells]
    return pytest.mark.parametrize("seat", shells, ids=ids, indirect=True)


@on(*EDITORS)
async def test_a_line_is_told_as_it_was_run_however_it_came_about(seat: LineSeat) -> None:
    (seat.home / "folder").mkdir()
    assert await seat.told("echo one\r") == "echo one"
    assert await seat.told(" echo  'a   b' | cat\r") == " echo  'a   b' | cat"
    assert await seat.told("echo abd", LEFT, "c", HOME, DELETE, "e", END, "e\r") == "echo abcde"
    assert await seat.told("echo gone", KILL, "echo new word", WORD, "w\r") == "echo new w"
    folder = await seat.told("echo fol\t", "\r")  # zsh takes the slash away
    assert folder == ("echo folder" if seat.shell == "zsh" else "echo folder/")
    assert await seat.told(UP, UP, "\r") == "echo new w"
    assert await seat.told("echo kept", CLEAR, "\r") == "echo kept"
    assert await seat.told("echo é漢字🙂 x\r") == "echo é漢字🙂 x"
    assert seat.entries[-1]["shares"] == {"alice": 11}
    if seat.shell != "fish":  # fish does nothing on an empty line
        assert await seat.told("\r") is None


@on(*EDITORS, *PLAIN)
async def test_a_line_of_several_rows(seat: LineSeat) -> None:
    wide = f"echo {'漢字' * 20}Q"
    full = f"echo {'x' * 27}Q"  # fills a row
    narrow = f"x{wide}"  # a wide character has no room at the end of a row
    lines = [LONG, full, full[1:], f"e{full}"]
    if seat.shell not in ("ash", "ksh"):  # they show "?", or count bytes
        lines += [wide, narrow]
    for line in lines:
        before = len(seat.printed)
        seat.types(line)
        await seat.until(lambda: b"Q" in seat.printed[before:], "the echo")  # noqa: B023
        unsure = line == narrow or (seat.shell == "ksh" and line != full[1:])
        assert await seat.told("\r") in ([line, None] if unsure else [line])


@on(*EDITORS)
async def test_edits_of_a_line_of_several_rows(seat: LineSeat) -> None:
    assert await seat.told(LONG, HOME, "x", DELETE, END, "y\r") == f"x{LONG[1:]}y"
    assert await seat.told(UP, HOME, DELETE, "e", "\r") == f"{LONG}y"
    assert await seat.told(LONG, WORD, WORD, UP + KILL + "echo s\r") == "echo s"


@on("bash", "zsh")
async def test_a_line_that_was_searched_for(seat: LineSeat) -> None:
    await seat.told("echo sought\r")
    await seat.told(f"{LONG}\r")
    assert await seat.told(SEARCH, "soug", "\r") == "echo sought"
    assert await seat.told(SEARCH, "soug", SEARCH, "\x07", "echo other\r") == "echo other"


@on(*EDITORS)
async def test_what_is_listed_for_completion_is_no_part_of_the_line(seat: LineSeat) -> None:
    for n in range(30):
        (seat.home / f"file-{n}").touch()
    seat.types("echo fi\t")
    await seat.shows("le-")
    seat.types("\t\t")
    await seat.until(lambda: b"17" in seat.printed, "a list")
    seat.types(KILL if seat.shell != "bash" else "\x7f" * 5)
    line = await seat.told("echo x\r")
    assert line in ("echo x", "echo echo x", "echo fecho x")
    assert "file-17" not in str(line)


@on("bash", "zsh")
async def test_each_line_of_a_command_is_one(seat: LineSeat) -> None:
    more, here = ("> ", "> ") if seat.shell == "bash" else ("for> ", "heredoc> ")
    assert await seat.told("for i in 1; do\r", prompt=more) == "for i in 1; do"
    assert await seat.told('echo "in  $i"\r', prompt=more) == 'echo "in  $i"'
    assert await seat.told("done\r") == "done"
    assert await seat.told("cat <<E\r", prompt=here) == "cat <<E"
    assert await seat.told("some text\r", prompt=here) == "some text"
    assert await seat.told("E\r") == "E"


@on("fish")
async def test_fish_has_a_command_of_several_lines_in_one(seat: LineSeat) -> None:
    for some in ("for i in 1\r", 'echo "in  $i"\r'):
        before = len(seat.printed)
        seat.types(some)
        await seat.until(lambda: len(seat.printed) > before + 20, "the next row")  # noqa: B023
    assert await seat.told("end\r") == 'for i in 1\n    echo "in  $i"\nend'
    assert len(seat.entries) == 1
    assert await seat.told(UP, "\r") == 'for i in 1\n    echo "in  $i"\nend'


@on(*EDITORS)
async def test_a_paste_is_told_whole(seat: LineSeat) -> None:
    lines = "echo one\n\necho three"
    assert await seat.told(f"\x1b[200~{lines}\x1b[201~", "\r") == lines
    if seat.shell != "bash":  # whose history has its lines one by one
        assert await seat.told(UP, "\r") == lines


@on(*EDITORS)
async def test_lines_that_are_entered_fast_share_an_entry_each_whole(seat: LineSeat) -> None:
    await seat.told("true\r")
    assert await seat.told("echo a\recho b\recho c\r") == "echo a\necho b\necho c"
    assert len(seat.entries) == 2


@on("bash", "dash")
async def test_keys_that_come_before_the_prompt(seat: LineSeat) -> None:
    await seat.told("true\r")
    seat.types("sleep 0.3; echo sl''ept\r")
    assert (await seat.entry())["line"] == "sleep 0.3; echo sl''ept"
    await until(lambda: seat.terminal._pty.front == "sleep", "the command to run")
    seat.types("echo ")
    await seat.until(lambda: b"slept\r\n" in seat.printed, "the end")
    announced = seat.terminal.lines.prompt.bracketed or seat.shell == "bash"
    await seat.prompt(f"{PROMPT}echo " if announced else PROMPT)
    assert await seat.told("early\r") == ("echo early" if announced else None)


@on(
    ("zsh", "RPROMPT='%F{red}right%f'"),
    ("fish", "function fish_right_prompt; echo -n right; end"),
)
async def test_what_stands_right_of_a_prompt_is_no_part_of_the_line(seat: LineSeat) -> None:
    await seat.shows("right")
    assert await seat.told("echo one\r") == "echo one"
    for cells in (20, 25, 26, 27, 28, 29, 30):
        line = "echo " + "x" * cells
        assert await seat.told(f"{line}\r") in (line, None)
        assert await seat.told(UP, KILL, "true\r") == "true"
    assert await seat.told(f"{LONG}\r") == LONG
    assert await seat.told(LONG, KILL, "echo two\r") == "echo two"


@on(("fish", "set -g fish_autosuggestion_enabled 1"))
async def test_what_fish_suggests_was_not_typed(seat: LineSeat) -> None:
    await seat.told("echo suggested words\r")
    seat.types("echo s")
    await seat.shows("uggested words")
    assert await seat.told("\r") == "echo s"
    seat.types("echo su")
    await seat.shows("ggested words")
    assert await seat.told(RIGHT, "\r") == "echo suggested words"


@on(
    ("bash", r"PS1='\[\e[31m\]two \w\[\e[0m\]\n\[\e]0;title\a\]ready$ '"),
    ("zsh", r"PS1=$'%F{red}two %~%f\nready$ '"),
    ("fish", r"function fish_prompt; echo (set_color red)two (pwd); echo -n 'ready$ '; end"),
)
async def test_a_prompt_of_several_rows_and_colours(seat: LineSeat) -> None:
    assert await seat.told("echo one\r") == "echo one"
    assert await seat.told(LONG, HOME, "x", END, "\r") == f"x{LONG}"
    assert await seat.told(UP, CLEAR, "\r") == f"x{LONG}"


@on("bash", "zsh")
async def test_output_that_ends_without_a_new_line(seat: LineSeat) -> None:
    await seat.told("printf foo\r", prompt="ready$ ")
    assert await seat.told("echo one\r") == "echo one"


@on(*PLAIN)
async def test_a_line_that_is_given_up_was_not_entered(seat: LineSeat) -> None:
    await seat.told("true\r")
    before = len(seat.printed)
    seat.types("echo no")
    await seat.shows("no")
    seat.types("\x03")
    await seat.until(lambda: PROMPT.encode() in seat.printed[before + 7 :], "a prompt")
    await seat.prompt()
    assert await seat.told("echo yes\r") == "echo yes"
    assert [one.get("line") for one in seat.entries] == ["true", "echo yes"]


@on("bash", "zsh", "dash")
async def test_what_is_not_shown_is_not_told(seat: LineSeat) -> None:
    (seat.home / "asks.py").write_text(
        "import os, tty\n"
        "tty.setraw(0)\n"
        "os.write(1, b'Password: ')\n"
        "while os.read(0, 1) != b'\\r': pass\n"
        "os.system('stty sane'); print()\n"
    )
    read = "stty -echo; echo Pass''word:; read x; stty echo"
    for asking in (read, f"python3 {seat.home}/asks.py"):
        seat.types(asking)
        await seat.shows(asking[-3:])
        seat.types("\r")
        assert (await seat.entry())["line"] == asking
        await seat.until(lambda: seat.printed.rstrip().endswith(b"Password:"), "the question")
        seat.types("s3cret")
        assert await seat.told("\r") is None
    assert await seat.told("true\r") == "true"
    assert "s3cret" not in str(seat.entries)


@on("fish")
async def test_a_masked_password_is_not_told(seat: LineSeat) -> None:
    seat.types("read -s x\r")
    assert (await seat.entry())["line"] == "read -s x"
    await seat.shows("> ")
    seat.types("s3cret")
    await seat.shows("●")
    seat.types("\r")
    await seat.prompt()
    before = len(seat.printed)
    seat.types("true\r")
    await seat.until(lambda: b"\x1b[?2004l" in seat.printed[before:], "the end of the line")
    seat.waits()
    assert seat.entries[1:] == [
        {"terminal": TERMINAL, "shares": {}},  # nor how long it was
        {"terminal": TERMINAL, "shares": {"alice": 4}, "line": "true"},
    ]


@on(*EDITORS)
@pytest.mark.parametrize("answer", ["no", "override"])
async def test_what_a_hold_stops_is_told_by_the_hold(seat: LineSeat, answer: str) -> None:
    seat.put_up(holds_of("pool/tank"))
    await seat.told("echo one\r")
    seat.types("echo pool/tank\r")
    await seat.until(lambda: ASKED.encode() in seat.printed, "the question")
    assert seat.terminal.lines.typists == ["alice"]
    seat.types(f"{answer}\r", "customer")
    assert await seat.entry() == {"terminal": TERMINAL, "shares": {"alice": 14}}
    await seat.prompt()
    seat.waits()
    assert await seat.entry() == {"terminal": TERMINAL, "shares": {"customer": len(answer)}}
    assert await seat.told("echo two\r") == "echo two"


@on("bash")
async def test_a_program_that_fills_the_screen_and_one_that_reads_lines(seat: LineSeat) -> None:
    await seat.told("true\r")
    seat.types("cat\r")
    assert (await seat.entry())["line"] == "cat"
    await until(lambda: seat.terminal._pty.front == "cat", "a program that reads lines")
    seat.types("no line of ours\r")
    assert "line" not in await seat.entry()
    seat.types("\x04")
    await seat.prompt()
    assert await seat.told("echo after\r") == "echo after"
    seat.types("less .bashrc\r")
    assert (await seat.entry())["line"] == "less .bashrc"
    await seat.until(lambda: seat.terminal.lines.prompt.full_screen, "a full screen")
    seat.types("\r")
    assert "line" not in await seat.entry()
    seat.types("q")
    await seat.prompt()
    assert await seat.told("echo after\r") == "echo after"


@on("bash")
async def test_a_window_that_changes_meanwhile_makes_it_unknown(seat: LineSeat) -> None:
    seat.types("echo one")
    await seat.shows("one")
    seat.terminal.resize(60, 20)
    assert await seat.told("\r") is None
    assert await seat.told(f"{LONG}\r") == LONG


@on("bash", "zsh")
async def test_what_a_job_prints_into_the_line_is_no_part_of_it(seat: LineSeat) -> None:
    await seat.told("true\r")
    assert await seat.told("(sleep 0.2; echo noise; echo end''ed) &\r")
    seat.types("echo o")
    await seat.until(lambda: b"ended\r\n" in seat.printed, "noise")
    assert await seat.told("ne\r", prompt="") in ("echo one", None)


@on(*PLAIN)
async def test_shells_that_do_not_announce_their_prompts(seat: LineSeat) -> None:
    assert await seat.told("echo one\r") == "echo one"
    seat.types("echo twp")
    await seat.shows("twp")
    seat.types("\x7f")
    await seat.until(lambda: b"\b" in seat.printed[-9:], "the blank")
    assert await seat.told("o\r") == "echo two"
    assert await seat.told("for i in 1; do\r", prompt="> ") == "for i in 1; do"
    assert await seat.told("echo in\r", prompt="> ") == "echo in"
    assert await seat.told("done\r") == "done"
    # New lines within the echo look like Enter's where all comes at once.
    assert await seat.told(f"{LONG}\r") in (None, LONG)
    assert await seat.told("echo last\r") == "echo last"


@on("bash")
async def test_a_long_line_is_cut_visibly(seat: LineSeat) -> None:
    line = "echo " + "x" * 600
    assert await seat.told(line, "\r") == line[:500] + " …"


@on("bash")
async def test_bash_without_bracketed_paste(seat: LineSeat) -> None:
    seat.types("bind 'set enable-bracketed-paste off'\r")
    await seat.entry()
    seat.announces = False
    await seat.prompt()
    assert await seat.told("echo one\r") == "echo one"
    assert await seat.told(UP, "\r") == "echo one"


TEXTS = ["z", "qz q", "é ", "zq" * 12, "q " * 20]
EDITS = [
    LEFT, RIGHT, LEFT * 9, RIGHT * 5, DELETE, "\x7f", "\x7f" * 5, HOME, END, KILL, WORD, YANK,
    "\x0b", "\x14", "\x1bb", "\x1bf", "\x1bd", "\x1bt", "\x1bu", CLEAR, UP, UP * 3, "\x1b[B",
    "\x1f", f"{SEARCH}q", "\x1b[200~z  q\x1b[201~",
]  # fmt: skip


@on(("bash", "unset HISTCONTROL; PROMPT_COMMAND='history 1 >~/last'"))
async def test_whatever_is_done_to_a_line_bash_and_the_screen_tell_the_same(
    seat: LineSeat,
) -> None:
    last = seat.home / "last"
    await seat.told("true\r")
    chance = random.Random(4)  # noqa: S311 - no secret
    for _ in range(150):
        number = last.read_text().split()[0]
        keys = [chance.choice(TEXTS), *chance.choices(TEXTS * 2 + EDITS, k=chance.randrange(8))]
        for key in keys:
            seat.types(key)
            await asyncio.sleep(0)
        line = await seat.told("\r")
        after = last.read_text()
        ran = "" if after.split()[0] == number else after.rstrip()[7:]
        assert line == ((ran if len(ran) <= 500 else f"{ran[:500]} …") or None), keys


PRINTED = [
    b"\r\n$ ", b"$ ", b"\x1b[K", b"\x1b[3P", b"\x1b[2@", b"\x1b[A", b"\x1b[99L", b"\x1b[M",
    b"\x1b[1J", b"\x1b[H\x1b[2J", b"\x1b[?1049h", b"\x1b[4h", b"\x1b]0;", b"\x1b\\", b"x" * 50,
    "漢".encode() * 9,
]  # fmt: skip


@given(
    st.sampled_from([b"$ ", b" ", b""]),
    st.lists(st.one_of(st.binary(max_size=12), st.sampled_from(PRINTED)), max_size=20),
)
@settings(max_examples=300, deadline=None)
def test_whatever_is_printed_is_a_line_or_none(prompt: bytes, output: list[bytes]) -> None:
    watch = LineWatch(9)
    watch.begin()
    watch.printed(prompt)
    watch.typed(b"x", settled=True)
    for some in output:
        watch.printed(some)
    watch.typed(b"\r", settled=True)
    watch.printed(b"\r\n")
    watch.end()
    watch.printed(b"after\r\n")
    assert len(watch.told) == 1
    assert watch.told[0] is None or len(watch.told[0]) <= 502


def test_further_rows_of_what_python_reads_are_told_without_its_prompt() -> None:
    watch = LineWatch(COLS)
    watch.begin()
    watch.printed(b"\x1b[1A\n\x1b[1;35m>>> \x1b[0m\x1b[4D\x1b[4C")  # as Python 3.13 does
    for keys, output in (
        (b"if x:\r", b"\x1b[4D\x1b[1;35m>>> \x1b[0mif x:\x1b[9D\n\x1b[1;35m... \x1b[0m    "),
        (b"y()\r", b"\x1b[8D\x1b[1;35m... \x1b[0m    y()\x1b[11D\n\x1b[1;35m... \x1b[0m    "),
        (b"\r", b"\x1b[8D\n\r"),
    ):
        watch.typed(keys, settled=True)
        watch.printed(output)
    watch.end()
    assert watch.told == ["if x:\n    y()"]


def test_what_was_typed_before_a_prompt_is_no_part_of_it() -> None:
    watch = LineWatch(COLS)
    watch.begin()
    watch.printed(b"$ ")
    watch.typed(b"bash\r", settled=True)
    watch.typed(b"echo 4", settled=False)
    watch.forget()  # the shell has told its line
    watch.begin()
    watch.printed(b"\r\n> echo 4")
    watch.typed(b"2\r", settled=True)
    watch.printed(b"2\r\n")
    watch.end()
    assert watch.told == [None]


def test_a_line_without_a_prompt_is_told_where_it_is_announced() -> None:
    watch = LineWatch(COLS)
    for keys in (b"6 * 7\r", b"\r", b"quit\r"):
        watch.begin()
        watch.typed(keys, settled=True)
        watch.printed(keys + b"\n")
        watch.end()
        watch.printed(b"42\r\n")
    assert watch.told == ["6 * 7", "", "quit"]


def test_an_editor_that_has_a_line_without_enter_was_told_to_give_it_up() -> None:
    watch = LineWatch(COLS)
    for keys, output in ((b"echo no", b"$ echo no^C\r\n"), (b"echo yes\r", b"$ echo yes\r\n")):
        watch.begin()
        watch.printed(output[:2])
        watch.typed(keys, settled=True)
        watch.printed(output[2:])
        if b"no" in keys:
            watch.typed(b"\x03", settled=True)
        watch.end()
    assert watch.told == ["echo yes"]


def test_a_flood_is_not_kept() -> None:
    watch = LineWatch(80)
    watch.begin()
    watch.printed(b"$ ")
    for _ in range(100):
        watch.printed(b"y\r\n" * 1000)
    assert watch._line is not None
    assert not watch._line.printed
    watch.typed(b"ls\r", settled=True)
    watch.end()
    assert watch.told == [None]
    for _ in range(100):
        watch.printed(b"y\r\n" * 100)
    assert len(watch._before) <= 2048
