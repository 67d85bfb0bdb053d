"""Screens of recordings: equal to a replay from the start, at any cut, and hard to kill."""

import json
import random
import shutil
from pathlib import Path

import avt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.recording.asciicast import BadCast, Encoder
from broker.server.mirror import Screen, advance
from broker.server.screens import NoScreen, Screens
from broker.server.tasks import Tasks
from tests.server.casts import cast
from tests.server.programs import program

MOST = 1 << 22


def screen_of(path: Path, step: int = MOST) -> Screen:
    """The last screen, by steps of so many bytes."""
    size = path.stat().st_size
    screen = advance(path, Screen(), size, step)
    while screen.offset < size:
        screen = advance(path, screen, size, step)
    return screen


def shown(ansi: str, cols: int, rows: int, more: str = "") -> tuple[list[str], object]:
    terminal = avt.Vt(cols, rows, 0)
    terminal.feed_str(ansi)
    terminal.feed_str(more)
    return [line.text for line in terminal.view()], terminal.cursor


PROGRAMS = {
    "vim": (
        ["vim", "-u", "NONE", "-N", "/etc/services"],
        [b":set mouse=a\r", b"20Gdd", b"ohello \xe6\xbc\xa2\xe5\xad\x97\x1b", b"\x06", b"3O\x1b"],
    ),
    "less": (["less", "/etc/services"], [b" ", b"/tcp\r", b"k"]),
    "top": (["top"], [b"1", b"c"]),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_screen_in_the_middle_goes_on_as_if_it_had_been_there(name: str, tmp_path: Path) -> None:
    argv, keys = PROGRAMS[name]
    if shutil.which(argv[0]) is None:
        pytest.skip(f"{name} is not installed")
    outputs = program(argv, keys)
    path = tmp_path / "x.cast"
    path.write_bytes(cast(outputs, 100, 30))
    lines = path.read_bytes().split(b"\n")[:-1]
    events = [json.loads(line)[2] for line in lines[1:]]
    whole = shown("".join(events).replace("\x1b[L", "\x1b[L\r"), 100, 30)
    ends = [sum(len(line) + 1 for line in lines[: count + 1]) for count in range(len(lines))]
    for count in range(1, len(lines), max(1, len(lines) // 12)):
        screen = advance(path, Screen(), ends[count], MOST)
        assert (screen.offset, screen.cols, screen.rows) == (ends[count], 100, 30)
        ansi = screen.as_bytes().decode()
        assert "\x9b" not in ansi
        assert shown(ansi, 100, 30, "".join(events[count:])) == whole
    assert advance(path, screen_of(path, 30_000), 10**9, MOST) == screen_of(path, 30_000)
    assert shown(screen_of(path, 30_000).as_bytes().decode(), 100, 30) == whole


def made(path: Path, *outputs: str, cols: int = 80, rows: int = 24) -> Screen:
    path.write_bytes(cast([output.encode() for output in outputs], cols, rows))
    return screen_of(path)


def test_modes_that_viewers_need_are_set_again(tmp_path: Path) -> None:
    screen = made(
        tmp_path / "x",
        "\x1b[?1000h\x1b[?1006;2004h\x1b[?1004h\x1b=",
        "\x1b[?1002h\x1b[?1004l\x1b[?25l\x1b[?1h\x1b[38;2;1;2;3mx",
    )
    assert screen.modes == ["1006", "2004", "=", "1002"] or set(screen.modes) == {
        "1006", "2004", "=", "1002",
    }  # fmt: skip
    ansi = screen.as_bytes()
    assert b"\x1b[?25l" in ansi
    assert b"\x1b[?1h" in ansi
    assert b"38;2;1;2;3" in ansi
    assert made(tmp_path / "y", "\x1b[?1000h\x1b=", "\x1b[?1002l\x1b>").modes == []
    assert made(tmp_path / "z", "\x1b[?2004h\x1bc").modes == []


@pytest.mark.parametrize(
    "whole", ["\x1b[31;1mred", "\x1b]0;a title\x07text", "\x1b(0lqk", "a\x1b[L"]
)
def test_a_cut_inside_a_sequence_loses_nothing(whole: str, tmp_path: Path) -> None:
    expected = shown("before " + whole, 80, 24)
    for cut in range(1, len(whole)):
        screen = made(tmp_path / f"{cut}", "before " + whole[:cut])
        assert shown(screen.as_bytes().decode(), 80, 24, whole[cut:]) == expected


def test_lines_that_move_and_marks_of_no_width(tmp_path: Path) -> None:
    screen = made(tmp_path / "x", "abc\x1b[2Ldef\r\ne\u0301\u200dx\ufe0f!")
    text, _ = shown(screen.as_bytes().decode(), 80, 24)
    assert [line.rstrip() for line in text[:2]] == ["def", "ex!"]


def test_the_window_changes(tmp_path: Path) -> None:
    encoder = Encoder()
    path = tmp_path / "x"
    path.write_bytes(
        encoder.header(80, 24, 0.0, {}, "t")
        + encoder.output(1, b"one")
        + encoder.resize(2, 120, 40)
        + encoder.output(3, b"\x1b[40;100Htwo")
        + b'[4, "r", "0x0"]\n[5, "r", "x"]\n["bad"]\nnot json\n[6, "q", "?"]\n'
        + encoder.resize(7, 65535, 65535)
        + encoder.resize(8, 120, 40)
    )
    screen = screen_of(path)
    assert (screen.cols, screen.rows) == (120, 40)
    assert shown(screen.as_bytes().decode(), 120, 40)[0][39].rstrip().endswith("two")


HOSTILE = st.lists(
    st.one_of(
        st.text(max_size=30),
        st.builds(
            lambda start, numbers, end: start + ";".join(map(str, numbers)) + end,
            st.sampled_from(["\x1b[", "\x1b[?", "\x9b", "\x1b]", "\x1bP", "\x1b("]),
            st.lists(st.sampled_from([0, 1, 2, 24, 80, 65535, 2**31]), max_size=4),
            st.sampled_from([*"ABCDHJKLMPSTX@bcdfghlmnrstu", "\x07", "\x1b\\", ""]),
        ),
    ),
    max_size=20,
)


@settings(max_examples=150, deadline=None)
@given(
    outputs=HOSTILE,
    sizes=st.lists(st.tuples(st.integers(0, 70_000), st.integers(0, 70_000)), max_size=3),
    seed=st.integers(0, 2**32),
)
def test_hostile_bytes_kill_nothing(
    outputs: list[str], sizes: list[tuple[int, int]], seed: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    path = tmp_path_factory.getbasetemp() / "hostile.cast"
    encoder, chance = Encoder(), random.Random(seed)  # noqa: S311 - not a secret
    lines = [encoder.output(1, output.encode("utf-8", "replace")) for output in outputs]
    lines += [encoder.resize(1, min(cols, 300), rows) for cols, rows in sizes]
    chance.shuffle(lines)
    cols, rows = chance.choice([(1, 1), (2, 3), (19, 4), (80, 24)])
    path.write_bytes(encoder.header(cols, rows, 0.0, {}, "t") + b"".join(lines))
    screen = screen_of(path)
    assert screen.offset == path.stat().st_size
    screen.as_bytes()


def test_what_is_no_asciicast_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"x" * 100)
    with pytest.raises(BadCast):
        advance(path, Screen(), 100, 100)
    assert advance(path, Screen(), 100, 1000) == Screen(), "no whole line yet"
    path.write_bytes(b"nothing\n")
    with pytest.raises(BadCast):
        advance(path, Screen(), 8, 1000)


async def test_a_screen_that_can_not_be_told_does_not_keep_others_from_theirs(
    tmp_path: Path,
) -> None:
    tasks = Tasks()
    screens = Screens(tasks)
    path = tmp_path / "x"
    path.write_bytes(cast([b"hello"]))
    size = path.stat().st_size
    assert (await screens.follow(path).screen(size)).offset == size
    with pytest.raises(NoScreen):
        await screens.follow(tmp_path / "missing").screen(5)
    assert (await screens.follow(path).screen(size)).offset == size
    await tasks.close()
    await screens.close()
