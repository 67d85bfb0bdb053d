"""A vendor's own probes: what of them is let through, and how they are shown. Pure."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Pattern, Tuple

from broker.host.probes.parsers import texts
from broker.host.probes.probe import Parser, Probe

MOST = 20
_MOST_WORDS = 20
_LONGEST_SHOWN = 300
_LONGEST_SECONDS = 10.0
_LONGEST_PATTERN = 200
_MOST_PATTERNS = 20
_PARSERS: Mapping[str, Parser] = {
    "lines": texts.printed,
    "pairs": texts.pairs,
    "text": texts.whole,
    "json": texts.tree,
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/-]{0,39}")
_AREA = re.compile(r"[a-z][a-z0-9-]{0,29}")
_KEYS = frozenset({"name", "area", "command", "timeout", "parser", "secret", "as_root"})


@dataclass(frozen=True)
class VendorProbe:
    """One command of the vendor's, as the customer is shown it and as it is run."""

    name: str
    area: str
    command: Tuple[str, ...]
    timeout: float
    """Seconds."""
    parser: str
    secret: Tuple[str, ...]
    as_root: bool

    @property
    def shown(self) -> str:
        """The command as one printable line, quoted as a shell would want it."""
        return " ".join(shlex.quote(word) for word in self.command)

    def probe(self) -> Probe:
        """What runs it."""
        return Probe(
            self.name,
            self.area,
            _PARSERS[self.parser],
            self.command,
            timeout=self.timeout,
            secret=tuple(re.compile(pattern) for pattern in self.secret),
            as_user=not self.as_root,
        )


def declared(value: object) -> List[VendorProbe]:
    """The probes of a whole list. Raises ValueError with a sentence for whoever wrote it."""
    if not isinstance(value, list):
        raise ValueError("probes must be a list")
    if len(value) > MOST:
        raise ValueError(f"there are {len(value)} probes; at most {MOST} are run")
    found: Dict[str, VendorProbe] = {}
    for one in value:
        probe = declared_one(one)
        if probe.name in found:
            raise ValueError(f"there are two probes named {probe.name}")
        found[probe.name] = probe
    return list(found.values())


def declared_one(value: object) -> VendorProbe:
    """One probe. Raises ValueError with a sentence for whoever wrote it."""
    if not isinstance(value, dict):
        raise ValueError("a probe must be a table of name, command and more")
    name = value.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError("a probe's name must be 1 to 40 letters, digits, spaces or . _ / -")
    for key in sorted(map(str, value.keys() - _KEYS)):
        raise ValueError(f"probe {name} has {key!r}, which is not known")
    probe = VendorProbe(
        name,
        _matching(name, value, "area", "product", _AREA, "a short word in small letters"),
        _command(name, value.get("command")),
        _seconds(name, value.get("timeout", 5.0)),
        _parser(name, value.get("parser", "lines")),
        _patterns(name, value.get("secret", [])),
        _flag(name, value.get("as_root", False)),
    )
    if len(probe.shown) > _LONGEST_SHOWN:
        raise ValueError(f"probe {name}: its command is longer than {_LONGEST_SHOWN} characters")
    return probe


def _matching(
    name: str, value: Dict[str, Any], key: str, default: str, wanted: Pattern[str], words: str
) -> str:
    found = value.get(key, default)
    if not isinstance(found, str) or not wanted.fullmatch(found):
        raise ValueError(f"probe {name}: its {key} must be {words}")
    return found


def _command(name: str, value: object) -> Tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
        raise ValueError(f"probe {name}: its command must be a list of words")
    if not value[0] or not all(one.isprintable() for one in value):
        raise ValueError(f"probe {name}: its command must be of printable words, the program first")
    if len(value) > _MOST_WORDS:
        raise ValueError(f"probe {name}: its command has more than {_MOST_WORDS} words")
    return tuple(value)


def _seconds(name: str, value: object) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not 0 < float(value) <= _LONGEST_SECONDS:  # type: ignore[arg-type]
        raise ValueError(f"probe {name}: its timeout must be up to {_LONGEST_SECONDS:g} seconds")
    return float(value)  # type: ignore[arg-type]


def _parser(name: str, value: object) -> str:
    if not isinstance(value, str) or value not in _PARSERS:
        raise ValueError(f"probe {name}: its parser must be one of {', '.join(_PARSERS)}")
    return value


def _patterns(name: str, value: object) -> Tuple[str, ...]:
    if not isinstance(value, list) or len(value) > _MOST_PATTERNS:
        raise ValueError(f"probe {name}: secret must be a list of at most {_MOST_PATTERNS}")
    for pattern in value:
        if not isinstance(pattern, str) or not 0 < len(pattern) <= _LONGEST_PATTERN:
            raise ValueError(
                f"probe {name}: a secret must be a pattern of 1 to {_LONGEST_PATTERN} characters"
            )
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError):
            raise ValueError(f"probe {name}: {pattern!r} is no regular expression") from None
    return tuple(value)


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"probe {name}: as_root must be true or false")
    return value
