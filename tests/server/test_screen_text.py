"""The text of recordings: as tmux shows it for real programs, each line once, whatever the cuts."""

import json
import random
import subprocess
import unicodedata
from pathlib import Path

import pytest

from broker.recording.asciicast import Encoder
from broker.server.search.screen_text import ScreenLine, ScreenText
from tests.server.casts import cast
from tests.server.programs import program, tmux

COLS, ROWS = 80, 24
LEAVING = b"\x1b[?1049l"


def told(recording: bytes, step: int = 1 << 20) -> list[str]:
    """All that is told of it, by its text, with what stands at the end."""
    text = ScreenText()
    lines: list[ScreenLine] = []
    for at in range(0, len(recording), step):
        lines += text.feed(recording[at : at + step])
    return [line.text for line in [*lines, *text.standing()]]


def shown(folder: Path, printed: bytes, cols: int = COLS, rows: int = ROWS) -> list[str]:
    """The same as tmux has it."""
    for sequence, instead in OTHERWISE:
        printed = printed.replace(sequence, instead)
    with tmux(folder, cols, rows) as reference:
        lines = reference.seen(printed)
    return [unicodedata.normalize("NFC", line.rstrip()) for line in lines if line.strip()]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a few files, under version control."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "prose.txt").write_text(
        ("It was a dark night, and the disk was full. " * 40 + "\n") * 8
    )
    (folder / "wide.txt").write_text(
        "日本語のテキスト、漢字。" * 12 + "\n한국어 문장 🎉🚀 emoji ✅ done\n" * 5
    )
    (folder / "tabs.txt").write_text("a\tbb\tccc\n" * 30)
    (folder / "marks.txt").write_text("cafe\u0301 nai\u0308ve\nZu\u0308rich\n")
    for number in range(60):
        (folder / f"file-{number:02}.log").write_text(f"error {number}\n" * number)
    git = ["git", "-C", str(folder), "-c", "user.name=alice", "-c", "user.email=alice@example.com"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *command], check=True)
    for number in range(20):
        subprocess.run([*git, "commit", "-qm", f"change {number}", "--allow-empty"], check=True)
    return folder


PROGRESS = (
    "for i in $(seq 0 5 100); do printf '\\rcopied %3d%% of it' $i; sleep 0.01; done; echo; echo ok"
)
PAINTED = (
    "seq 50; tput cup 5 10; echo -n here; tput cup 2 0; tput el; echo -n gone; tput cup 23 0; echo;"
    " tput setaf 1; echo red; tput sgr0; tput cuu 3; echo over; tput il 2; tput dl 1; tput ed;"
    " echo end"
)

SCROLLING: dict[str, tuple[str, list[bytes]]] = {
    "ls --color": ("ls --color=always -la; ls --color=always -C", []),
    "grep --color": ("grep --color=always -rn error . | head -400", []),
    "git log": ("git --no-pager log --color=always --stat --graph", []),
    "prose": ("cat prose.txt", []),
    "wide": ("cat wide.txt wide.txt wide.txt", []),
    "wide, odd": ("printf x; cat wide.txt wide.txt", []),
    "tabs": ("cat tabs.txt", []),
    "marks": ("cat marks.txt", []),
    "progress": (PROGRESS, []),
    "tput": (PAINTED, []),
    "scroll region": ("tput csr 0 20; seq 60; tput csr 0 23; tput cup 23 0; echo; echo end", []),
    "top -b": ("top -b -n 2 -d 0.1 -w 200", []),
    "find": ("find / -xdev -maxdepth 3 2>/dev/null | head -3000", []),
    "python": ("python3 -q", [b"for i in range(40): print(i, 'x' * i)\n\n", b"1/0\n", b"exit()\n"]),
    "bash": (
        "bash --norc --noprofile",
        [b"ls\n", b"echo wrong\x1b[D\x1b[D\x7fX\n", b"clear\n", b"seq 9\n", b"\x0cls\n", b"exit\n"],
    ),
}  # fmt: skip
"""Programs whose text goes by: all of it is told, in order."""

FULL_SCREEN: dict[str, tuple[str, list[bytes]]] = {
    "less": ("less prose.txt", [b" ", b"G", b"q"]),
    "git log in less": ("git -c core.pager='less -+X -+F' log --color=always", [b" ", b"q"]),
    "man": ("man ls", [b"   ", b"q"]),
    "vim": ("vim -u NONE -N file-40.log", [b"Goone more line\x1b", b":q!\r"]),
    "vim, wide": ("vim -u NONE -N wide.txt", [b"G", b":q!\r"]),
}
"""Programs on the alternate screen: what stood there at the end is told, and all of the shell's."""

OTHERWISE = [
    # What was cleared away is told; tmux, as asked, throws what had scrolled by away with it.
    (b"\x1b[3J", b""),
]
"""What is taken out of what tmux is shown, as the two differ there on purpose."""


@pytest.mark.parametrize("name", SCROLLING)
def test_what_scrolls_by_is_told_as_tmux_shows_it(name: str, files: Path, tmp_path: Path) -> None:
    script, keys = SCROLLING[name]
    outputs = program(["sh", "-c", f"cd {files}; {script}"], keys, COLS, ROWS)
    reference = shown(tmp_path, b"".join(outputs))
    assert len(reference) > 1
    assert told(cast(outputs, COLS, ROWS)) == reference


@pytest.mark.parametrize("name", FULL_SCREEN)
def test_what_stood_on_a_full_screen_is_told(name: str, files: Path, tmp_path: Path) -> None:
    script, keys = FULL_SCREEN[name]
    argv = ["sh", "-c", f"cd {files}; echo before; {script}; echo after"]
    outputs = program(argv, keys, COLS, ROWS)
    printed = b"".join(outputs)
    assert LEAVING in printed
    lines = told(cast(outputs, COLS, ROWS))
    on_screen = shown(tmp_path, printed[: printed.rindex(LEAVING)])
    assert set(on_screen) - set(lines) == set()
    assert lines[-2:] == ["before", "after"]


def test_a_line_has_the_time_at_which_it_began_to_be_printed() -> None:
    encoder = Encoder()
    recording = encoder.header(COLS, 3, 0.0, {}, "test")
    begun = {}
    for t, output in [
        (1.0, "$ "),
        (2.0, "l"),
        (2.1, "s\r\n"),
        (5.0, "a\r\nb"),
        (6.0, "\r\nc\r\nd"),
    ]:
        begun[t] = len(recording)
        recording += encoder.output(t, output.encode())
    text = ScreenText()
    lines = [*text.feed(recording), *text.standing()]
    expected = [(1.0, "$ ls"), (5.0, "a"), (5.0, "b"), (6.0, "c"), (6.0, "d")]
    assert lines == [(t, begun[t], line) for t, line in expected]


def test_on_a_full_screen_what_stood_is_told_once_and_what_flashed_by_is_not() -> None:
    encoder = Encoder()
    recording = encoder.header(COLS, 4, 0.0, {}, "test")
    pages = ["stood\r\nsame", "flash\r\nsame", "later\r\nsame", "last\r\nsame"]
    times = [1.0, 5.0, 5.1, 9.0]
    recording += encoder.output(0.5, b"shell\r\n\x1b[?1049h")
    for t, page in zip(times, pages, strict=True):
        recording += encoder.output(t, f"\x1b[H\x1b[K{page}\x1b[K".encode())
    recording += encoder.output(9.1, b"\x1b[?1049l") + encoder.output(9.2, b"back")
    text = ScreenText()
    lines = [(line.t, line.text) for line in [*text.feed(recording), *text.standing()]]
    expected = [(1.0, "stood"), (1.0, "same"), (5.1, "later"), (9.0, "last")]
    assert lines == [*expected, (0.5, "shell"), (9.2, "back")]


def test_a_window_that_changes_its_size() -> None:
    encoder = Encoder()
    recording = encoder.header(20, 5, 0.0, {}, "test")
    recording += encoder.output(1.0, b"x" * 30 + b"\r\none\r\ntwo\r\nthree")
    recording += encoder.resize(2.0, 10, 3)
    recording += encoder.output(3.0, b"\r\nfour")
    recording += encoder.resize(4.0, 40, 10)
    recording += encoder.output(5.0, b"\r\nfive")
    assert told(recording) == ["x" * 30, "one", "two", "three", "four", "five"]


def mixed(seed: int) -> bytes:
    """A recording of all that there is, and of what there should not be."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    pieces = [
        "plain ", "\r\n", "\r", "日本", "e\u0301", "\x1b[2J", "\x1b[H\x1b[J", "\x1b[?1049h",
        "\x1b[?1049l", "\x1b[?47h", "\x1b[3;9r", "\x1b[5;5H", "\x1b[L", "\x1b[2M", "\x1b[31m",
        "\x1bc", "\x1b]0;title\x07", "\x1b]8;;x", "\x1b[", "\x9b2J", "x" * 200, "\x1b[9999C",
        "\x1b[S", "\x1b[T", "\x1bM", "⏎", "\t", "\ud800",
    ]  # fmt: skip
    cols, rows = chance.choice([(80, 24), (1, 1), (5, 2), (65535, 65535)])
    lines = [json.dumps({"version": 2, "width": cols, "height": rows})]
    for number in range(300):
        text = "".join(chance.choices(pieces, k=chance.randrange(12)))
        line = json.dumps([number * chance.choice([0.1, 1, -1]), "o", text])
        if chance.random() < 0.1:
            size = chance.choice(["80x24", "1x1", "300x100", "0x0", "9x"])
            line = chance.choice(
                [f'[1, "r", "{size}"]', "[", '["x", "o", 7]', '[NaN, "o", "x"]', "{}", "\xff" * 50]
            )
        lines.append(line)
    return "\n".join([*lines, ""]).encode("utf-8", "replace")


@pytest.mark.parametrize("seed", range(12))
def test_the_same_lines_whatever_the_cuts(seed: int) -> None:
    recording = mixed(seed)
    lines = told(recording)
    assert told(recording, 7) == told(recording, 1000) == lines


def test_no_recording_at_all() -> None:
    for data in (b"", b"\n\n\n", b"{}\n[]\n", b"\xff" * 100, b"[" * 100_000 + b"\n"):
        assert told(data) == []


def test_a_line_of_a_recording_that_never_ends_is_passed_over() -> None:
    head, rest = cast([b"before\r\n"]), cast([b"after\r\n"]).partition(b"\n")[2]
    giant = b'[2.0, "o", "' + b"x" * (3 << 20) + b'"]\n'
    assert told(head + giant + rest) == ["before", "after"]
    assert told(head + giant + rest, 100_000) == ["before", "after"]


def test_a_line_that_wraps_for_ever_is_told_in_parts() -> None:
    lines = told(cast([b"x" * 100_000]))
    assert "".join(lines) == "x" * 100_000
    assert max(map(len, lines)) < 4096 + COLS


def test_screens_are_read_no_more_often_than_what_is_printed_pays_for() -> None:
    flash = "\x1b[?1049h\x1b[2J\x1b[H{}\x1b[?1049l"
    flashing = [flash.format(number).encode() for number in range(2000)]
    lines = told(cast(flashing, 500, 200))
    assert 1 <= len(lines) < 40


def test_a_few_bytes_that_fill_the_screen_again_and_again_are_not_told_each_time() -> None:
    filling = "\x1b#8\x1b[24S" * 600
    lines = told(cast([filling.encode()] * 3))
    assert sum(map(len, lines)) < 1_000_000 + 8 * 3 * len(filling)
