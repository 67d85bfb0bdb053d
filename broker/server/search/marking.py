"""Where the terms of a query stand in a text, by the same rules by which they were found. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from broker.server.search.query import Term
from broker.server.search.schema import WORD

Mark = tuple[int, int]

_MOST_MARKS = 200


def marks_of_words(text: str, terms: Iterable[Term]) -> list[Mark]:
    """In output: whole words, phrases of them, beginnings."""
    words = [(found.start(), found.end()) for found in WORD.finditer(text)]
    folded = [_fold(text[start:end]) for start, end in words]
    places: dict[str, list[int]] = {}
    for number, word in enumerate(folded):
        places.setdefault(word, []).append(number)
    marks: list[Mark] = []
    for term in terms:
        wanted = [_fold(word) for word in term.words]
        if not wanted:
            continue
        if len(wanted) == 1 and term.beginning:
            starts = [number for number, word in enumerate(folded) if word.startswith(wanted[0])]
        else:
            starts = places.get(wanted[0], [])
        for start in starts:
            if _is_phrase(folded[start : start + len(wanted)], wanted, term.beginning):
                marks.append((words[start][0], words[start + len(wanted) - 1][1]))
    return _in_order(marks)


def marks_of_parts(text: str, terms: Iterable[Term]) -> list[Mark]:
    """In command lines: wherever the term stands."""
    marks: list[Mark] = []
    for term in terms:
        pattern = re.compile(re.escape(term.text), re.IGNORECASE)
        marks += [found.span() for found in pattern.finditer(text)]
    return _in_order(marks)


def _is_phrase(found: Sequence[str], wanted: Sequence[str], beginning: bool) -> bool:
    if len(found) < len(wanted) or found[: len(wanted) - 1] != list(wanted[:-1]):
        return False
    last = found[len(wanted) - 1]
    return last.startswith(wanted[-1]) if beginning else last == wanted[-1]


def _fold(word: str) -> str:
    """As SQLite's unicode61 has it: without case and diacritics."""
    if word.isascii():
        return word.lower()
    apart = unicodedata.normalize("NFD", word.lower())
    return "".join(character for character in apart if not unicodedata.combining(character))


def _in_order(marks: list[Mark]) -> list[Mark]:
    """Sorted, and those that overlap made one."""
    joined: list[Mark] = []
    for start, end in sorted(marks):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined[:_MOST_MARKS]
