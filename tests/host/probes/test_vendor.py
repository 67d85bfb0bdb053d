"""A vendor's own probes: what is let through, how it is shown, what is refused and how."""

from typing import Any

import pytest

from broker.host.probes.vendor import declared

GOOD: dict[str, Any] = {"name": "array state", "command": ["arrayctl", "show", "a b"]}


def test_what_is_left_out_has_an_answer() -> None:
    (probe,) = declared([GOOD])
    assert (probe.area, probe.timeout, probe.parser, probe.secret, probe.as_root) == (
        "product",
        5.0,
        "lines",
        (),
        False,
    )
    assert probe.shown == "arrayctl show 'a b'"
    assert probe.probe().as_user


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"name": ""}, "a probe's name must be 1 to 40 letters, digits, spaces or . _ / -"),
        ({"area": "My Area"}, "its area must be a short word in small letters"),
        ({"command": "arrayctl show"}, "its command must be a list of words"),
        ({"command": []}, "its command must be a list of words"),
        ({"command": ["a\x1b[2J"]}, "its command must be of printable words"),
        ({"command": ["a"] * 21}, "has more than 20 words"),
        ({"command": ["a" * 301]}, "its command is longer than 300 characters"),
        ({"timeout": 11}, "its timeout must be up to 10 seconds"),
        ({"timeout": float("nan")}, "its timeout must be up to 10 seconds"),
        ({"timeout": True}, "its timeout must be up to 10 seconds"),
        ({"parser": "xml"}, "its parser must be one of lines, pairs, text, json"),
        ({"secret": ["("]}, "'(' is no regular expression"),
        ({"secret": ["a" * 201]}, "a secret must be a pattern of 1 to 200 characters"),
        ({"as_root": "yes"}, "as_root must be true or false"),
        ({"shell": True}, "has 'shell', which is not known"),
    ],
)
def test_what_is_refused_says_why(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match="probe") as refused:
        declared([{**GOOD, **wrong}])
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({}, "probes must be a list"),
        ([1], "a probe must be a table of name, command and more"),
        ([GOOD, GOOD], "there are two probes named array state"),
        ([GOOD] * 21, "there are 21 probes; at most 20 are run"),
    ],
)
def test_a_list_is_refused_as_a_whole(value: object, told: str) -> None:
    with pytest.raises(ValueError, match=r"probe") as refused:
        declared(value)
    assert str(refused.value) == told
