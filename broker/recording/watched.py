"""What a vendor has customers' hosts watched for besides the usual: own probes, and directories.

Checked alike where an operator writes it and where a host is told of it. Pure.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import Any, Dict, List, Tuple

PARSERS = ("lines", "pairs", "text", "json")
MOST_PROBES = 20

_MOST_WORDS = 20
_LONGEST_NAME = 40
_LONGEST_SHOWN = 300
_LONGEST_SECONDS = 10.0
_MOST_PATTERNS = 20
_LONGEST_PATTERN = 200
_MOST_TREES = 10
_LONGEST_TREE = 300
_LONGEST_QUOTED = 40
_KEYS = ("name", "area", "command", "timeout", "parser", "secret", "as_root")
_A_NAME = f"1 to {_LONGEST_NAME} printable characters, without blanks around them"


@dataclass(frozen=True)
class VendorProbe:
    """A command of the vendor's, as the customer is shown it and as it is run."""

    name: str
    area: str
    """Under which its changes are told."""
    command: Tuple[str, ...]
    timeout: float
    """Seconds."""
    parser: str
    """One of ``PARSERS``."""
    secret: Tuple[str, ...]
    """Regular expressions of what is masked before it leaves the host."""
    as_root: bool

    @property
    def shown(self) -> str:
        """The command as one printable line, quoted as a shell would want it."""
        return " ".join(map(shlex.quote, self.command))


def declared(value: object) -> List[VendorProbe]:
    """The probes of a whole list, in its order. Raises ValueError with a sentence for people."""
    if not isinstance(value, list):
        raise ValueError("the probes must be a list of tables")
    if len(value) > MOST_PROBES:
        raise ValueError(f"there are {len(value)} probes; at most {MOST_PROBES} are run")
    found: Dict[str, VendorProbe] = {}
    for one in value:
        probe = declared_one(one)
        if probe.name in found:
            raise ValueError(f"there are two probes named {probe.name!r}")
        found[probe.name] = probe
    return list(found.values())


def declared_one(value: object) -> VendorProbe:
    """One probe. Raises ValueError with a sentence for people."""
    if not isinstance(value, dict):
        raise ValueError("a probe must be a table of name, command and more")
    name = value.get("name")
    if not isinstance(name, str):
        raise ValueError("a probe must have a name, which is text")
    if not _is_name(name):
        raise ValueError(f"a probe's name must be {_A_NAME}, not {name[:_LONGEST_QUOTED]!r}")
    try:
        return _declared(name, value)
    except ValueError as why:
        raise ValueError(f"probe {name!r}: {why}") from None


def directories(value: object) -> Tuple[str, ...]:
    """Directories, each written in one way only. Raises ValueError with a sentence for people."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError("the trees must be a list of directories' paths")
    if len(value) > _MOST_TREES:
        raise ValueError(f"there are {len(value)} trees; at most {_MOST_TREES} are watched")
    for one in value:
        if not _is_directory(one):
            raise ValueError(
                "a tree must be the absolute path of a directory, without . or .. in it or a / at"
                f" the end, at most {_LONGEST_TREE} printable characters and not / itself,"
                f" not {one[:_LONGEST_QUOTED]!r}"
            )
    return tuple(value)


def _declared(name: str, value: Dict[Any, Any]) -> VendorProbe:
    for key in value:
        if key not in _KEYS:
            raise ValueError(
                f"there is no setting {str(key)[:_LONGEST_QUOTED]!r}; there are {', '.join(_KEYS)}"
            )
    area, parser = value.get("area", "product"), value.get("parser", "lines")
    as_root = value.get("as_root", False)
    if not isinstance(area, str) or not _is_name(area):
        raise ValueError(f"its area must be {_A_NAME}")
    if parser not in PARSERS:
        raise ValueError(f"its parser must be one of {', '.join(PARSERS)}")
    if not isinstance(as_root, bool):
        raise ValueError("its as_root must be true or false")
    command, secret = _command(value.get("command")), _patterns(value.get("secret", []))
    timeout = _seconds(value.get("timeout", 5.0))
    probe = VendorProbe(name, area, command, timeout, parser, secret, as_root)
    if len(probe.shown) > _LONGEST_SHOWN:
        raise ValueError(
            f"its command must be at most {_LONGEST_SHOWN} characters, quoted as a shell would"
            " want it"
        )
    return probe


def _command(value: object) -> Tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError("its command must be a list of words")
    if not 1 <= len(value) <= _MOST_WORDS or not value[0]:
        raise ValueError(
            f"its command must be a program and its arguments, 1 to {_MOST_WORDS} words"
        )
    if not all(one.isprintable() for one in value):
        raise ValueError("its command must be of printable characters")
    return tuple(value)


def _seconds(value: object) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not 0 < value <= _LONGEST_SECONDS:  # type: ignore[operator]
        raise ValueError(
            f"its timeout must be more than 0 and at most {_LONGEST_SECONDS:g} seconds"
        )
    return float(value)  # type: ignore[arg-type]


def _patterns(value: object) -> Tuple[str, ...]:
    if not isinstance(value, list) or len(value) > _MOST_PATTERNS:
        raise ValueError(f"its secret must be a list of at most {_MOST_PATTERNS} patterns")
    for one in value:
        is_text = isinstance(one, str) and one.isprintable()
        if not is_text or not 1 <= len(one) <= _LONGEST_PATTERN:
            raise ValueError(
                f"each pattern of its secret must be 1 to {_LONGEST_PATTERN} printable characters"
            )
        try:
            re.compile(one)
        except (re.error, OverflowError, RecursionError) as why:
            raise ValueError(f"{one!r} in its secret is no regular expression: {why}") from None
    return tuple(value)


def _is_name(text: str) -> bool:
    return 1 <= len(text) <= _LONGEST_NAME and text.isprintable() and text == text.strip()


def _is_directory(path: str) -> bool:
    is_one_way = path.startswith("/") and not {"", ".", ".."} & set(path[1:].split("/"))
    return is_one_way and len(path) <= _LONGEST_TREE and path.isprintable()
