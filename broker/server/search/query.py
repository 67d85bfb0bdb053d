"""What is searched for, read from what a person wrote: no syntax of SQLite reaches them. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from broker.server.search.schema import WORD

LONGEST = 500
"""Of a query, in characters."""
_MOST_TERMS = 20
_TERM = re.compile(r'"([^"]*)"?(\*?)|([^\s"]+)')
_NUMBER = re.compile(r"[0-9]{1,3}", re.ASCII)
_TIME = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6})?", re.ASCII)
_ID = re.compile(r"[0-9]{1,19}", re.ASCII)
_ANYTHING = ("commands", "output")


class BadQuery(Exception):
    """It makes no sense; the text is a sentence for whoever wrote it."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word, a phrase, or the beginning of one."""

    text: str
    beginning: bool = False

    @property
    def words(self) -> list[str]:
        """As they are indexed; none: output can't be searched for it."""
        return WORD.findall(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """All terms must occur. Times are Unix seconds; what is None or empty filters nothing."""

    terms: tuple[Term, ...]
    person: str = ""
    case: str = ""
    session: str = ""
    since: float | None = None
    until: float | None = None
    failed: bool = False
    status: int | None = None
    kinds: tuple[str, ...] = _ANYTHING
    before: int | None = None
    """Hits of lower ids, which are older."""


def read(asked: Mapping[str, str]) -> Query:
    """The query of a request's parameters. Raises BadQuery."""
    terms = _terms(asked.get("q", ""))
    kinds: tuple[str, ...] = _ANYTHING
    if (wanted := asked.get("in", "")) != "":
        if wanted not in _ANYTHING:
            raise BadQuery("in: commands or output")
        kinds = (wanted,)
    if "output" in kinds and not all(term.words for term in terms):
        if wanted:
            raise BadQuery("output is searched by words: each must have a letter or a digit")
        kinds = ("commands",)
    failed, status = _exit(asked.get("exit", ""))
    before = asked.get("before", "")
    if before and not _ID.fullmatch(before):
        raise BadQuery("before: the next of the page before")
    return Query(
        terms=terms,
        person=asked.get("person", ""),
        case=asked.get("case", ""),
        session=asked.get("session", ""),
        since=_time(asked, "since"),
        until=_time(asked, "until"),
        failed=failed,
        status=status,
        kinds=kinds,
        before=min(int(before), 2**62) if before else None,
    )


def _terms(text: str) -> tuple[Term, ...]:
    if len(text) > LONGEST:
        raise BadQuery(f"q: at most {LONGEST} characters, not {len(text)}")
    text = text.replace("\0", " ").encode("utf-8", "replace").decode()
    terms = []
    for found in _TERM.finditer(text):
        phrase, star, word = found.groups()
        if word is not None:
            beginning = word.endswith("*")
            term = Term(word.rstrip("*") if beginning else word, beginning)
        else:
            term = Term(" ".join(phrase.split()), star == "*")
        if term.text:
            terms.append(term)
    if not terms:
        raise BadQuery("q: what to search for")
    if len(terms) > _MOST_TERMS:
        raise BadQuery(f"q: at most {_MOST_TERMS} words and phrases, not {len(terms)}")
    return tuple(terms)


def _exit(text: str) -> tuple[bool, int | None]:
    if text == "failed":
        return True, None
    if text and not _NUMBER.fullmatch(text):
        raise BadQuery("exit: failed, or a status from 0 to 255")
    return False, int(text) if text else None


def _time(asked: Mapping[str, str], name: str) -> float | None:
    text = asked.get(name, "")
    if text and not _TIME.fullmatch(text):
        raise BadQuery(f"{name}: seconds since 1970")
    return float(text) if text else None
