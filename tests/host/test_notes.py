from __future__ import annotations

import pytest

from broker.host.notes import checked


def test_a_note_is_kept_as_it_was_written() -> None:
    assert checked(" we changed\r\nthe\tMTU: grün 漢\n\n") == "we changed\nthe     MTU: grün 漢"
    assert checked("x" * 2000) == "x" * 2000


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "needs words"),
        (" \n\t", "needs words"),
        ("x" * 2345, "at most 2,000 characters, and this one 2,345"),
        ("a\x1b[2Jb", "printable"),
        ("a\u202eb", "printable"),
        ("a\udc80b", "printable"),
    ],
)
def test_what_is_no_note_is_told(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        checked(text)
