from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.host.line import LineWatch
from broker.host.prompt import PromptWatch

PROMPT = b"\x1b[?2004h\x1b]0;me@host\x07\x1b[01;32mme@host\x1b[0m:~$ "


def watched(*output: bytes) -> PromptWatch:
    prompt = PromptWatch(LineWatch(80))
    for piece in output:
        prompt.printed(piece)
    return prompt


def test_a_line_editor_that_reads_is_a_prompt_until_enter() -> None:
    prompt = PromptWatch(LineWatch(80))
    seen = [prompt.at_prompt]
    assert prompt.printed(PROMPT)
    seen.append(prompt.at_prompt)
    assert prompt.typed(b"ls\r")
    seen.append(prompt.at_prompt)
    prompt.printed(b"\x1b[?2004l\r\nfile\r\n")
    seen.append(prompt.at_prompt)
    assert prompt.printed(PROMPT)
    seen.append(prompt.at_prompt)
    assert seen == [False, True, False, False, True]


def test_the_prompt_before_enter_is_not_the_one_after_it() -> None:
    prompt = watched(PROMPT)
    prompt.typed(b"sleep 1\r")
    prompt.printed(b"typed ahead")  # the shell has not said yet that it has the line
    assert not prompt.at_prompt


@pytest.mark.parametrize(
    ("keys", "typed_on"),
    [
        (b"l", True),
        (b"ls\r", False),
        (b"ls\rx", True),
        (b"ls\x03", False),
        (b"\x1b[A", True),
        (b"\x1b[200~a\nb\n\x1b[201~", True),
        (b"\x1b[200~a\nb\x1b[201~\r", False),
    ],
)
def test_whether_something_stands_on_the_line(keys: bytes, *, typed_on: bool) -> None:
    prompt = watched(PROMPT)
    prompt.typed(keys)
    assert prompt.typed_on == typed_on


def test_a_pasted_newline_is_no_enter() -> None:
    assert not watched(PROMPT).typed(b"\x1b[200~a\nb\n\x1b[201~")


def test_a_new_prompt_is_empty() -> None:
    prompt = watched(PROMPT)
    prompt.typed(b"half a li")
    prompt.printed(b"\x1b[?2004l\r\n" + PROMPT)
    assert not prompt.typed_on


@pytest.mark.parametrize(
    ("pieces", "typed_on"),
    [
        ([b"h", b"alf"], True),
        ([b"ls\rhalf"], True),
        ([b"half", b"\x13\x11"], True),
        ([b"ls\r"], False),
        ([b"half\x03"], False),
        ([b"half", b"\x15"], False),
        ([b"half", b"\x1a"], False),
    ],
)
def test_what_was_typed_ahead_stands_on_the_next_line(
    pieces: list[bytes], *, typed_on: bool
) -> None:
    prompt = watched(PROMPT)
    prompt.typed(b"sleep 1\r")
    prompt.printed(b"\x1b[?2004l\r\n")
    for keys in pieces:
        prompt.typed(keys, ahead=True)
    prompt.printed(PROMPT)
    assert prompt.typed_on == typed_on
    prompt.typed(b"\r")
    prompt.printed(b"\x1b[?2004l\r\n" + PROMPT)
    assert not prompt.typed_on


@pytest.mark.parametrize("mode", [b"1049", b"1047", b"47"])
def test_the_alternate_screen_is_no_prompt(mode: bytes) -> None:
    prompt = watched(PROMPT, b"\x1b[?" + mode + b"h")
    assert prompt.full_screen
    assert not prompt.at_prompt
    prompt.printed(b"\x1b[?" + mode + b"l")
    assert prompt.at_prompt


@pytest.mark.parametrize(
    "continued", [b"> ", b"for> ", b"quote> ", b"for while> ", b"\x1b[1m> \x1b[0m"]
)
def test_the_rest_of_a_command_is_asked_for(continued: bytes) -> None:
    assert watched(PROMPT, b"\x1b[?2004l\r\n\x1b[?2004h" + continued).continued


@pytest.mark.parametrize(
    "prompt", [PROMPT, b"\x1b[?2004h$ ", b"\x1b[?2004hmysql> ", b"\x1b[?2004h>>> "]
)
def test_a_prompt_asks_for_a_command(prompt: bytes) -> None:
    assert not watched(prompt).continued


@given(
    st.lists(
        st.sampled_from(
            [
                b"\x1b[?2004h",
                b"\x1b[?2004l",
                b"\x1b[?1049h",
                b"\x1b[?1049;2004l",
                b"text\r\n",
                b"\x1b[31m",
                b"\x1b",
                b"[?2004h",
                b"\x1b]0;t\x07",
            ]
        ),
        max_size=12,
    ),
    st.lists(st.integers(0, 60), max_size=6),
)
def test_where_reads_cut_the_output_changes_nothing(pieces: list[bytes], cuts: list[int]) -> None:
    output = b"".join(pieces)
    whole, parts = watched(output), PromptWatch(LineWatch(80))
    at = 0
    for cut in [*sorted(cuts), len(output)]:
        parts.printed(output[at:cut])
        at = max(at, cut)
    assert (parts.full_screen, parts.bracketed) == (whole.full_screen, whole.bracketed)
