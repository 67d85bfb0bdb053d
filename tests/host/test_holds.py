"""Holds: what is taken in, what a line touches, and that shells and Python agree about it."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from broker.host.holds import (
    CUSTOMER,
    ENGINEER,
    MOST_HOLDS,
    BadHold,
    Hold,
    Holds,
    checked_patterns,
    checked_text,
    ere,
    lines_of,
    read,
)
from broker.recording import session_log


def hold(*patterns: str, name: str = "h7k2", side: str = CUSTOMER) -> Hold:
    return Hold(name, "do not touch pool/tank", checked_patterns(patterns), "bob", side, 1e9)


@pytest.mark.parametrize(
    ("pattern", "line", "touched"),
    [
        ("zpool", "ls; /sbin/zpool list", True),
        ("zpool", "zpool", True),
        ("zpool", "zpoolx", False),
        ("zpool", "my_zpool", False),
        ("zpool", "ZPOOL list", False),
        ("zpool", "man zpool-features", True),
        ("zpool*", "zpoolx", True),
        ("*zpool", "my_zpool", True),
        ("zfs destroy", "zfs \t destroy pool/tank", True),
        ("zfs destroy", "zfsdestroy", False),
        ("zfs*destroy", "zfs -n destroy", True),
        ("zfs*destroy", "destroy zfs", False),
        ("zfs * tank", "zfs  tank", True),
        ("zfs * tank", "zfs tank", False),
        ("pool/tank", "ls /pool/tank/home", True),
        ("pool/tank", "ls /pool/tank2", False),
        ("/dev/sd*", "dd of=/dev/sda", True),
        ("a.b", "axb", False),
        ("$(rm)", "x=$(rm)", True),
        ("größe", "rm größe", True),
        ("zpool", "", False),
    ],
)
def test_a_line_touches_a_pattern_where_its_words_stand(
    pattern: str, line: str, touched: bool
) -> None:
    up = Holds().put_up(hold(pattern))
    assert up.touched_by(line) == (up.up if touched else ())


def test_any_line_of_a_script_is_looked_at_and_none_twice() -> None:
    up = Holds().put_up(hold("zfs*destroy", "zpool"))
    assert up.touched_by("ls\nzpool list\nls") == up.up
    assert up.touched_by("zfs \\\ndestroy tank") == up.up
    assert up.touched_by("zfs list\nls destroy") == ()
    assert lines_of("a\\\nb\nc") == ["ab", "c"]


@pytest.mark.parametrize(
    ("patterns", "why"),
    [
        ([], "at least one pattern"),
        (["zpool"] + [f"w{n}" for n in range(10, 30)], "at most 20"),
        (["*"], "nearly every line"),
        (["* *"], "nearly every line"),
        (["a"], "nearly every line"),
        (["e*t*a"], "nearly every line"),
        (["--"], "nearly every line"),
        ([""], "nearly every line"),
        (["z" * 101], "at most 100"),
        (["zp\x1b[2Jool"], "can be shown"),
        (["zpool\nls"], "can be shown"),
    ],
)
def test_bad_patterns_are_refused_with_a_reason(patterns: list[str], why: str) -> None:
    with pytest.raises(BadHold, match=why):
        checked_patterns(patterns)


@pytest.mark.parametrize("text", ["", "  ", "x" * 301, "a\nb", "a\x07"])
def test_bad_texts_are_refused(text: str) -> None:
    with pytest.raises(BadHold):
        checked_text(text)


def test_patterns_are_kept_once_and_without_blanks_around_them() -> None:
    assert checked_patterns([" zpool ", "zpool", "zfs"]) == ("zpool", "zfs")
    assert checked_text(" x ") == "x"


def test_holds_are_put_up_and_lifted_by_whom_they_may() -> None:
    one, two = hold("zpool", name="aaaa"), hold("zfs", name="bbbb", side=ENGINEER)
    up = Holds().put_up(one).put_up(two)
    assert list(up) == [one, two]
    with pytest.raises(BadHold, match="customer's"):
        up.lift("aaaa", ENGINEER)
    assert list(up.lift("bbbb", ENGINEER)) == [one]
    assert list(up.lift("bbbb", CUSTOMER).lift("aaaa", CUSTOMER)) == []
    with pytest.raises(BadHold, match="no hold"):
        up.lift("cccc", CUSTOMER)
    with pytest.raises(BadHold, match="is up already"):
        up.put_up(one)
    for n in range(MOST_HOLDS - len(up)):
        up = up.put_up(hold("zpool", name=f"n{n}"))
    with pytest.raises(BadHold, match="lift one first"):
        up.put_up(hold("zpool"))
    assert len(up.expressions) == 2


def test_entries_say_all_of_a_hold() -> None:
    one = hold("zpool", "zfs*destroy")
    session_log.encode(0.0, "hold_up", **one.entry)
    assert read([one.entry]) == Holds((one,))
    assert one.notice.items() <= one.entry.items()
    for broken in ({}, {**one.entry, "patterns": ["*"]}, {**one.entry, "since": "then"}):
        with pytest.raises((ValueError, KeyError, TypeError)):
            read([broken])


def test_a_line_made_to_keep_a_search_busy_does_not() -> None:
    up = Holds().put_up(hold("aa" + "*a" * 49))
    assert up.touched_by("a" * 8000 + "!")
    assert not Holds().put_up(hold("aa" + "*a" * 48 + "b")).touched_by("a" * 8000)


_PIECES = [*"a_ */.$()[]|^?+-'é", '"', "\\", "zfs", "b1", "  ", "{2}"]
_TEXTS = st.lists(st.sampled_from(_PIECES), max_size=6).map("".join)
_LINES = st.lists(st.sampled_from([*_PIECES, "\t"]), max_size=4).map("".join)
# Each has a word of two letters, so that it is one.
_PATTERNS = st.tuples(_TEXTS, st.sampled_from(["zfs", "b1", "zfs*b1"]), _TEXTS).map(
    lambda texts: checked_patterns(["".join(texts)])[0]
)


@st.composite
def _cases(draw: st.DrawFn) -> tuple[str, str]:
    """A pattern and a line that has something of it, as a rule."""
    pattern = draw(_PATTERNS)
    filled = pattern.replace("*", draw(_LINES)).replace(" ", draw(st.sampled_from([" ", "  "])))
    return pattern, draw(st.sampled_from(["", " ", "x", "/"])) + filled + draw(_LINES)


@given(_cases())
def test_python_means_by_a_pattern_what_its_expression_says(case: tuple[str, str]) -> None:
    pattern, line = case
    assume("\\" not in line)  # at the end of a line it would join two
    assert hold(pattern).touched_by(line) == (re.search(ere(pattern), line) is not None)


# Each shell gives a line of 0s and 1s for all cases at once: expressions and lines by turns.
_SHELLS = {
    "bash": "LC_ALL=C; while IFS= read -r e && IFS= read -r l; do [[ $l =~ $e ]]; printf $?; done",
    "zsh": "LC_ALL=C; while IFS= read -r e && IFS= read -r l; do [[ $l =~ $e ]]; printf $?; done",
    "fish": "while read -l e; and read -l l; string match -qr -- $e $l; printf $status; end",
}


@pytest.mark.parametrize("shell", _SHELLS)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases=st.lists(_cases(), min_size=20, max_size=60))
def test_shells_mean_the_same(shell: str, cases: list[tuple[str, str]]) -> None:
    if not shutil.which(shell):
        pytest.skip(f"no {shell} on this machine")
    told = subprocess.run(
        [shell, "-c", _SHELLS[shell]],
        input="".join(f"{ere(pattern)}\n{line}\n" for pattern, line in cases).encode(),
        capture_output=True,
        check=False,
    )
    assert told.stderr == b""
    expected = "".join("01"[re.search(ere(pattern), line) is None] for pattern, line in cases)
    assert told.stdout.decode() == expected
