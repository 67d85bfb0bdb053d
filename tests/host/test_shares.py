from __future__ import annotations

import pytest

from broker.host.shares import Shares


def test_each_ones_share_of_a_line() -> None:
    shares = Shares()
    shares.typed("alice", b"ls -")
    shares.typed("customer", b"la")
    shares.typed("alice", b"\r")
    assert shares.take() == {"alice": 4, "customer": 2}
    assert shares.take() == {}


@pytest.mark.parametrize(
    ("keys", "count"),
    [
        (b"\x1b[A\x1b[1;5C\x1bOP", 0),
        (b"\x1b[200~abc\x1b[201~", 3),
        ("é漢🙂".encode(), 3),
        (b"\x7f\x03\t\r\n", 0),
        (b"\x1bb", 0),
    ],
)
def test_characters_count_and_keys_do_not(keys: bytes, count: int) -> None:
    shares = Shares()
    shares.typed("alice", keys)
    assert sum(shares.take().values()) == count
