"""Holds: what nobody should touch on this host, and which commands to stop at it. Pure.

A hold outlives the session and the connection; it is up until it is lifted. It prevents slips, not
attackers: whoever means to run a line runs it from a script, an alias or another shell.

A pattern is words. It is found wherever they stand in a line as whole words (of ASCII letters,
digits and ``_``), in upper and lower case as they are written. A blank stands for any number of
blanks, and ``*`` for anything, nothing included: ``zpool`` is found in ``ls; /sbin/zpool list`` and
not in ``zpoolx``, ``zpool*`` in both. A line that a backslash continues is one with the next.
``ere`` says the same as an extended regular expression that bash, zsh, fish and Python all read
alike, so there is one meaning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Mapping, Match, Sequence, Tuple

MOST_TEXT = 300
MOST_PATTERNS = 20
MOST_HOLDS = 50
_LENGTHS = range(2, 101)
_LEAST_LETTERS = 2
_WORD = "A-Za-z0-9_"
_WORD_CHARACTER = re.compile(f"[{_WORD}]")
_BLANK = "[ \t]"
_SPECIAL = frozenset(r".[()*+?{|^$" + "\\")
CUSTOMER, ENGINEER = "customer", "engineer"


class BadHold(ValueError):
    """A hold that can't be put up or lifted; says why, to whoever wanted it."""


@dataclass(frozen=True)
class Hold:
    """One hold. ``since`` is Unix time; ``side`` is ``customer`` or ``engineer``."""

    id: str
    text: str
    patterns: Tuple[str, ...]
    by: str
    side: str
    since: float

    def touched_by(self, line: str) -> bool:
        """Whether this line, or any line of this script, matches a pattern."""
        lines = lines_of(line)
        return any(_matches(pieces, one) for pieces in map(_pieces, self.patterns) for one in lines)

    @property
    def entry(self) -> Dict[str, Any]:
        """The fields of ``hold_up`` in the session log."""
        return {
            "hold": self.id,
            "text": self.text,
            "patterns": list(self.patterns),
            "by": self.by,
            "side": self.side,
            "since": self.since,
        }

    @property
    def notice(self) -> Dict[str, Any]:
        """What whoever touches it is told: a member of ``stopped`` in the answer to ``check``."""
        return {"hold": self.id, "text": self.text, "by": self.by, "since": self.since}


@dataclass(frozen=True)
class Holds:
    """The holds that are up, oldest first. Never changed: what changes them makes others."""

    up: Tuple[Hold, ...] = ()

    def __iter__(self) -> Iterator[Hold]:
        return iter(self.up)

    def __len__(self) -> int:
        return len(self.up)

    def put_up(self, hold: Hold) -> Holds:
        """With one more. Raises BadHold."""
        if len(self.up) >= MOST_HOLDS:
            raise BadHold(f"{MOST_HOLDS} holds are up already: lift one first")
        if any(one.id == hold.id for one in self.up):
            raise BadHold(f"a hold with the id {hold.id} is up already")
        return Holds((*self.up, hold))

    def lift(self, hold_id: str, side: str) -> Holds:
        """Without this one. Raises BadHold: engineers lift only what engineers put up."""
        hold = self.find(hold_id)
        if side == ENGINEER and hold.side != ENGINEER:
            raise BadHold(f"hold {hold.id} is the customer's: only they lift it")
        return Holds(tuple(one for one in self.up if one is not hold))

    def find(self, hold_id: str) -> Hold:
        """The hold of this id. Raises BadHold where none is up."""
        for hold in self.up:
            if hold.id == hold_id:
                return hold
        raise BadHold("no hold with that id is up")

    def touched_by(self, line: str) -> Tuple[Hold, ...]:
        """The holds that this line, or any line of this script, touches."""
        return tuple(hold for hold in self.up if hold.touched_by(line))

    @property
    def expressions(self) -> Tuple[str, ...]:
        """What shells compare lines with, one for each pattern of each hold."""
        return tuple(dict.fromkeys(ere(one) for hold in self.up for one in hold.patterns))


def checked_text(text: str) -> str:
    """What a hold says, without blanks at its ends. Raises BadHold."""
    text = text.strip()
    if not text:
        raise BadHold("a hold says what is not to be touched")
    if len(text) > MOST_TEXT:
        raise BadHold(f"what a hold says has at most {MOST_TEXT} characters")
    if not text.isprintable():
        raise BadHold("what a hold says is one line of characters that can be shown")
    return text


def checked_patterns(patterns: Sequence[str]) -> Tuple[str, ...]:
    """A hold's patterns, each once, without blanks at their ends. Raises BadHold."""
    checked = tuple(dict.fromkeys(_checked(pattern.strip()) for pattern in patterns))
    if not checked:
        raise BadHold("a hold has at least one pattern: the words of a command to stop")
    if len(checked) > MOST_PATTERNS:
        raise BadHold(f"a hold has at most {MOST_PATTERNS} patterns")
    return checked


def _checked(pattern: str) -> str:
    if not pattern.isprintable():
        raise BadHold("a pattern is one line of characters that can be shown")
    if len(pattern) > max(_LENGTHS):
        raise BadHold(f"a pattern has at most {max(_LENGTHS)} characters")
    letters = max(sum(map(str.isalnum, piece)) for piece in pattern.split("*"))
    if len(pattern) not in _LENGTHS or letters < _LEAST_LETTERS:
        raise BadHold(
            f"the pattern {pattern!r} would stop nearly every line: it has no word of "
            f"{_LEAST_LETTERS} letters or digits"
        )
    return pattern


def lines_of(script: str) -> List[str]:
    """The lines of a script, those that a backslash continues put together."""
    return script.replace("\\\n", "").split("\n")


def ere(pattern: str) -> str:
    """A checked pattern as an extended regular expression, to be searched for in a line.

    It means the same to regcomp(3) in the C locale, to PCRE2 and to Python's ``re``.
    """
    return ".*".join(_pieces(pattern))


def _pieces(pattern: str) -> List[str]:
    """The expressions of what stands between the stars of a pattern, in order."""
    pieces = [_literal(piece) for piece in pattern.split("*")]
    if _WORD_CHARACTER.match(pattern):
        pieces[0] = f"(^|[^{_WORD}]){pieces[0]}"
    if _WORD_CHARACTER.match(pattern[-1]):
        pieces[-1] = f"{pieces[-1]}([^{_WORD}]|$)"
    return [piece for piece in pieces if piece]


def _literal(piece: str) -> str:
    escaped = "".join(f"\\{char}" if char in _SPECIAL else char for char in piece)
    # Beside a star one blank is enough: the star takes the others.
    return re.sub(" +", _blanks, escaped)


def _blanks(found: Match[str]) -> str:
    inside = found.start() > 0 and found.end() < len(found.string)
    return f"{_BLANK}+" if inside else _BLANK


def _matches(pieces: Sequence[str], line: str) -> bool:
    """Whether ``.*`` between the pieces would find them.

    Piece by piece, each at its first place: that is as good as any other, and takes no longer for
    a line that was made to keep a backtracking search busy.
    """
    at = 0
    for piece in pieces:
        found = re.compile(piece).search(line, at)
        if found is None:
            return False
        at = found.end()
    return True


def read(entries: Sequence[Mapping[str, Any]]) -> Holds:
    """Holds from what ``entry`` gave for each. Raises ValueError, KeyError or TypeError."""
    holds = Holds()
    for one in entries:
        holds = holds.put_up(
            Hold(
                str(one["hold"]),
                checked_text(one["text"]),
                checked_patterns(one["patterns"]),
                str(one["by"]),
                str(one["side"]),
                float(one["since"]),
            )
        )
    return holds
