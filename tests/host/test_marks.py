"""Marks are taken out of output wherever it is cut, and nothing else is."""

import pytest

from broker.host.marks import Mark, MarkReader, new_nonce

NONCE = "0123456789abcdef0123456789abcdef"


def mark(kind: str, fields: str, nonce: str = NONCE) -> bytes:
    return f"\x1b]7717;{nonce};{kind};{fields}\x1b\\".encode()


def read(*pieces: bytes) -> tuple[bytes, list[Mark]]:
    reader = MarkReader(NONCE)
    parts = [part for piece in pieces for part in reader.feed(piece)]
    output = b"".join(part for part in parts if isinstance(part, bytes)) + reader.finish()
    return output, [part for part in parts if isinstance(part, Mark)]


PROMPT = mark("p", "42;1;/home/a%3Bb%25;c")


def test_marks_are_read_and_what_is_between_stays_in_order() -> None:
    parts = MarkReader(NONCE).feed(b"one" + PROMPT + b"two" + mark("c", "42"))
    assert parts == [
        b"one",
        Mark("p", 42, (b"1", b"/home/a;b%;c")),
        b"two",
        Mark("c", 42, ()),
    ]


def test_cut_anywhere_it_is_the_same() -> None:
    data = b"\x1b[1mone\x1b]0;title\x07" + PROMPT + b"$ \x1b" + mark("l", "42;ls%0A") + b"\x1b[0m"
    whole = read(data)
    assert [found.kind for found in whole[1]] == ["p", "l"]
    for at in range(len(data)):
        assert read(data[:at], data[at:]) == whole
    assert read(*(data[at : at + 1] for at in range(len(data)))) == whole


@pytest.mark.parametrize(
    "output",
    [
        mark("c", "42", nonce=new_nonce()),
        mark("c", "42", nonce=NONCE.upper()),
        b"\x1b]7717;c;42\x1b\\",
        b"\x1b]7717;",
        f"\x1b]7717;{NONCE}".encode(),
        b"\x1b",
        NONCE.encode(),
    ],
)
def test_an_imitation_is_output(output: bytes) -> None:
    assert read(b"a" + output + b"b") == (b"a" + output + b"b", [])
    assert read(b"a" + output) == (b"a" + output, [])


@pytest.mark.parametrize(
    "output",
    [
        mark("c", "4x2"),
        mark("p", "42;1"),
        mark("z", "42"),
        mark("l", "42;ls \x1b[31mred"),
        mark("l", "42;" + "x" * 5000)[:-2],
    ],
)
def test_what_makes_no_sense_is_no_mark_and_holds_nothing_back(output: bytes) -> None:
    assert read(output, b"after") == (output + b"after", [])


def test_nothing_is_held_back_but_what_may_be_a_mark() -> None:
    reader = MarkReader(NONCE)
    assert reader.feed(b"plain") == [b"plain"]
    assert reader.feed(b"colour\x1b[3") == [b"colour\x1b[3"]
    assert reader.feed(b"x\x1b]77") == [b"x"]
    assert reader.feed(b"18;") == [b"\x1b]7718;"]
