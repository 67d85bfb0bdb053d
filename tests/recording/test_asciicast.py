from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.recording.asciicast import (
    BadCast,
    Encoder,
    read_event,
    read_header,
    read_size,
    to_v3,
    whole_lines,
)


def texts(lines: bytes) -> list[str]:
    return [read_event(line).text for line in lines.decode().splitlines()]


def recording(*outputs: bytes) -> bytes:
    encoder = Encoder()
    lines = encoder.header(80, 24, 1.7e9, {"TERM": "xterm"}, "a title")
    for at, output in enumerate(outputs):
        lines += encoder.output(at / 3, output)
    return lines + encoder.finish(len(outputs) / 3)


def test_a_character_that_reads_split_is_written_whole() -> None:
    encoder = Encoder()
    pieces = [encoder.output(0.0, bytes([byte])) for byte in "é漢😀".encode()]
    assert [text for piece in pieces for text in texts(piece)] == ["é", "漢", "😀"]
    assert pieces[0] == b""


def test_what_is_no_character_is_replaced_also_at_the_end() -> None:
    encoder = Encoder()
    assert texts(encoder.output(0.0, b"a\xffb\xe6")) == ["a\ufffdb"]
    assert texts(encoder.finish(1.0)) == ["\ufffd"]
    assert encoder.finish(1.0) == b""


def test_events_and_header_read_back() -> None:
    encoder = Encoder()
    head = read_header(encoder.header(500, 200, 1.7e9, {"TERM": "xterm"}, "t").decode())
    assert (head["version"], head["width"], head["height"]) == (2, 500, 200)
    assert read_event(encoder.resize(1.5, 80, 24).decode()) == (1.5, "r", "80x24")
    assert read_event(encoder.marker(2, "alice joined").decode()) == (2.0, "m", "alice joined")
    assert read_event(encoder.output(0.123456, b'\x1b[31m"\\\r\n').decode()).text == (
        '\x1b[31m"\\\r\n'
    )


@given(st.lists(st.binary(max_size=30), max_size=20))
def test_output_is_what_utf8_makes_of_all_bytes_together(pieces: list[bytes]) -> None:
    lines = recording(*pieces).decode().split("\n")[1:-1]
    found = "".join(read_event(line).text for line in lines)
    assert found == b"".join(pieces).decode("utf-8", "replace")


@pytest.mark.parametrize(
    "line", ["", "[]", "[1]", '["1", "o", ""]', '[1, "o", 2]', '{"a": 1}', "[1, 2", "[true, 1, 2]"]
)
def test_a_line_that_is_no_event_says_where(line: str) -> None:
    with pytest.raises(BadCast, match="line 7"):
        read_event(line, 7)


@pytest.mark.parametrize(
    "line", ["", "[]", '{"version": 3}', '{"version": 2, "width": 0, "height": 1}', "{"]
)
def test_what_is_no_v2_header_is_refused(line: str) -> None:
    with pytest.raises(BadCast, match="line 1"):
        read_header(line)


def test_sizes() -> None:
    assert read_size("80x24") == [80, 24]
    for text in ("", "80", "80x", "0x24", "80x-1", "99999x1", "\u0668x1"):
        assert read_size(text) is None


def test_v3_intervals_add_up_without_drift() -> None:
    lines = recording(*[b"x"] * 1000).decode().splitlines(keepends=True)
    head, *events = [json.loads(line) for line in to_v3(lines)]
    assert head["version"] == 3
    assert head["term"] == {"cols": 80, "rows": 24, "type": "xterm"}
    assert abs(sum(event[0] for event in events) - 999 / 3) < 0.0011
    assert "".join(event[2] for event in events) == "x" * 1000


def test_v3_of_something_else_is_refused() -> None:
    with pytest.raises(BadCast):
        list(to_v3(["{}"]))
    with pytest.raises(BadCast, match="line 2"):
        list(to_v3([recording().decode(), "nonsense"]))


def test_whole_lines() -> None:
    assert whole_lines(b"") == whole_lines(b"torn") == 0
    assert whole_lines(b"one\ntwo\ntorn") == 8


def test_the_reference_player_prints_what_was_printed(tmp_path: Path) -> None:
    printed = "\x1b[32mgrün\x1b[0m 漢字 😀\r\n".encode()
    (tmp_path / "a.cast").write_bytes(recording(printed[:7], printed[7:]))
    program = Path(sys.executable).with_name("asciinema")
    found = subprocess.run([program, "cat", tmp_path / "a.cast"], capture_output=True, check=True)
    assert found.stdout == printed
