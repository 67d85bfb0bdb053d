from __future__ import annotations

import pytest

from broker.host.replies import answers, without_queries, without_replies

REPLIES = [
    b"\x1b[?62;22c", b"\x1b[>0;276;0c", b"\x1b[0n", b"\x1b[24;80R", b"\x1b[?24;80R", b"\x1b[1;1R",
    b"\x1b[?2004;1$y", b"\x1b[4;2$y", b"\x1b[8;24;80t", b"\x1b[I", b"\x1b[O",
    b"\x1b]11;rgb:0000/0000/0000\x07", b"\x1b]4;1;rgb:cdcd/0000/0000\x1b\\",
    b"\x1bP1$r0m\x1b\\", b"\x1bP>|xterm(379)\x1b\\",
]  # fmt: skip
KEYS = [
    b"ls -la\r", b"\x03", b"\x1b", b"\x1b[A", b"\x1bOP", b"\x1b[15~", b"\x1b[1;5C", b"\x1b[1;2R",
    b"\x1b[200~pasted\ntext\x1b[201~", b"\x1b[<0;10;20M", b"\x1b[M !!", b"\x1bx",
    "é漢😀".encode(), b"\x1b[Z", b"\x1b[27;5;9~", b"\x1b[97;5u",
]  # fmt: skip


@pytest.mark.parametrize("reply", REPLIES)
def test_what_a_terminal_says_by_itself_is_cut_wherever_it_stands(reply: bytes) -> None:
    assert without_replies(reply) == b""
    assert without_replies(b"l" + reply + b"s" + reply) == b"ls"


@pytest.mark.parametrize("key", KEYS)
def test_keys_pass(key: bytes) -> None:
    assert without_replies(key) == key


@pytest.mark.parametrize(
    "query",
    [
        b"\x1b[c", b"\x1b[0c", b"\x1b[>c", b"\x1b[5n", b"\x1b[6n", b"\x1b[?6n", b"\x1bZ",
        b"\x1b[?2026$p", b"\x1b[18t", b"\x1b[>q", b"\x1b]10;?\x07", b"\x1b]4;3;?\x1b\\",
        b"\x1bP$qm\x1b\\", b"\x1bP+q544e\x1b\\",
    ],
)  # fmt: skip
def test_queries_are_not_shown_twice(query: bytes) -> None:
    assert without_queries(b"a" + query + b"b") == b"ab"


@pytest.mark.parametrize(
    "output",
    [b"\x1b[31mred\x1b[0m", b"\x1b[?1049h", b"\x1b[2J\x1b[H", b"\x1b]0;title\x07", b"\x1b[3;1H"],
)
def test_other_output_is_shown_as_it_was(output: bytes) -> None:
    assert without_queries(output) == output
    assert answers(output) == b""


def test_queries_are_answered_in_order_where_no_terminal_does() -> None:
    assert answers(b"x\x1b[5ny\x1b[cz\x1b]11;?\x07") == b"\x1b[0n\x1b[?62;22c"
