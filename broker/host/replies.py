"""What terminals say by themselves: queries in output, and the replies to them. Pure.

Every terminal that shows a stream answers the queries in it (DA, DSR, CPR, colours). Only the
customer's own may be heard, so replies are cut from what engineers send, queries from what is
shown a second time, and while no terminal is attached the recorder answers for it. Sequences:
ECMA-48 and the control sequences document of xterm.
"""

from __future__ import annotations

import re
from typing import List

_STRING_END = rb"(?:\x07|\x1b\\)"

_REPLIES = re.compile(
    rb"\x1b\[[?>=][0-9;]*c"  # device attributes
    rb"|\x1b\[\??[0-9;]*n"  # status
    # Cursor position. F3 with a modifier looks alike in row 1, columns 2 to 16: that is a key.
    rb"|\x1b\[\?[0-9;]+R|\x1b\[(?!1;(?:[2-9]|1[0-6])R)[0-9]+;[0-9]+R"
    rb"|\x1b\[\??[0-9;]+\$y"  # modes
    rb"|\x1b\[[0-9]+(?:;[0-9]+)*t"  # window
    rb"|\x1b\[[IO]"  # focus in, out
    rb"|\x1b\][0-9]+;[^\x07\x1b]*" + _STRING_END +  # colours, title
    rb"|\x1bP[^\x1b]*\x1b\\"  # settings, terminal name
)  # fmt: skip

_QUERIES = re.compile(
    rb"\x1b\[[>=]?0?c|\x1bZ"
    rb"|\x1b\[\??[56]n"
    rb"|\x1b\[\??[0-9;]+\$p"
    rb"|\x1b\[(?:1[13-9]|2[01])(?:;[0-9]+)*t"
    rb"|\x1b\[>0?q"
    rb"|\x1b\][0-9]+;(?:[0-9]+;)?\?" + _STRING_END +
    rb"|\x1bP[$+]q[^\x1b]*\x1b\\"
)  # fmt: skip

_ANSWERS = {
    b"\x1b[c": b"\x1b[?62;22c",
    b"\x1b[0c": b"\x1b[?62;22c",
    b"\x1bZ": b"\x1b[?62;22c",
    b"\x1b[>c": b"\x1b[>0;0;0c",
    b"\x1b[>0c": b"\x1b[>0;0;0c",
    b"\x1b[5n": b"\x1b[0n",
    # Nobody is there to know where the cursor is; a wrong answer beats a program that waits.
    b"\x1b[6n": b"\x1b[1;1R",
}


def without_replies(data: bytes) -> bytes:
    """An engineer's keys, less what their terminal said by itself."""
    return _REPLIES.sub(b"", data) if b"\x1b" in data else data


def without_queries(output: bytes) -> bytes:
    """Output that is shown again, less what would be answered again."""
    return _QUERIES.sub(b"", output) if b"\x1b" in output else output


def answers(output: bytes) -> bytes:
    """What a plain terminal would answer to the queries in ``output``, in their order."""
    if b"\x1b" not in output:
        return b""
    found: List[bytes] = _QUERIES.findall(output)
    return b"".join(_ANSWERS.get(query, b"") for query in found)
