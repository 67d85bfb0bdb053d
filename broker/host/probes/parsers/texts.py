"""Files of settings, line by line, and what a vendor's own commands print. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Dict, Iterator, Pattern, Tuple

from broker.host.probes.probe import Subjects

LONGEST_ENTRY = 180
"""Characters of a line that are kept; of a longer one also how it goes on, as a digest."""
MOST_FACTS = 2000
_COMMENT = re.compile(r"\s*[#;]")
_SUDO_COMMENT = re.compile(r"\s*#(?!include|\d)")
_PAIR = re.compile(r"([^=:\s][^=:]*?)\s*[=:]\s*(.*)|(\S+)\s+(.*)")


def lines(path: str, text: str) -> Subjects:
    """A file of settings: its lines in no order, without comments."""
    return {path: _entries(text)}


def sudoers(path: str, text: str) -> Subjects:
    """Likewise; what begins with ``#include`` or a user's number is no comment."""
    return {path: _entries(text.replace("\\\n", " "), _SUDO_COMMENT)}


def printed(name: str, text: str) -> Subjects:
    """A vendor's ``lines``: each an entry."""
    return {name: _bounded({_short(" ".join(one.split())): "" for one in text.splitlines() if one})}


def pairs(name: str, text: str) -> Subjects:
    """A vendor's ``pairs``: ``key = value``, ``key: value`` or ``key value``, one a line."""
    found = {}
    for line in text.splitlines():
        pair = _PAIR.fullmatch(line.strip())
        if pair:
            key, value = (pair[1], pair[2]) if pair[1] else (pair[3], pair[4])
            found[_short(" ".join(key.split()))] = _short(" ".join(value.split())) or "empty"
    return {name: _bounded(found)}


def whole(name: str, text: str) -> Subjects:
    """A vendor's ``text``: one value."""
    return {name: {"": _short(" ".join(text.split())) or "empty"}}


def tree(name: str, text: str) -> Subjects:
    """A vendor's ``json``: each value under the names that lead to it, ``a.b.0``."""
    found = {
        _short(path) or "value": _short(value) for path, value in _leaves("", json.loads(text))
    }
    return {name: _bounded(found)}


def _leaves(path: str, value: Any) -> Iterator[Tuple[str, str]]:  # noqa: ANN401 - any JSON
    if isinstance(value, (dict, list)) and value:
        inside = value.items() if isinstance(value, dict) else enumerate(value)
        for key, one in inside:
            yield from _leaves(f"{path}.{key}" if path else str(key), one)
    else:
        yield path, value if isinstance(value, str) and value else json.dumps(value)


def _entries(text: str, comment: Pattern[str] = _COMMENT) -> Dict[str, str]:
    kept = (" ".join(line.split()) for line in text.splitlines() if not comment.match(line))
    return {_short(line): "" for line in kept if line}


def _short(text: str) -> str:
    if len(text) <= LONGEST_ENTRY:
        return text
    rest = hashlib.sha256(text.encode(errors="replace")).hexdigest()[:8]
    return f"{text[: LONGEST_ENTRY - 12]} … {rest}"


def _bounded(facts: Dict[str, str]) -> Dict[str, str]:
    if len(facts) > MOST_FACTS:
        raise ValueError(f"more than {MOST_FACTS} facts")
    return facts
