"""What a vendor's operator has customers' hosts watched for: own probes, and trees of files.

Customers are shown all of it before they grant anything, and their hosts run it; what no host
could make sense of is refused here, when the configuration is read. Pure.
"""

import json
import posixpath
import re
import shlex
from collections.abc import Sequence

import msgspec

PARSERS = ("lines", "pairs", "text", "json")

_MOST_PROBES = 20
_MOST_TREES = 10
_MOST_WORDS = 20
_MOST_SECRETS = 20
_LONGEST_COMMAND = 300
_LONGEST_PATH = 300
_LONGEST_QUOTED = 40
_LONGEST_PATTERN = 200
_LONGEST_SECONDS = 10.0
_MOST_BYTES = 24 * 1024
"""Of all of it as JSON: a host reads no more than 64 KiB of what it is told of an invitation."""


class BadProbes(Exception):
    """Probes or trees that make no sense; the text is a sentence for the operator."""


class Probe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A command whose output tells something of the vendor's product."""

    name: str
    command: tuple[str, ...]
    area: str = "product"
    """Under which changes are told."""
    timeout: float = 5.0
    """Seconds."""
    parser: str = "lines"
    secret: tuple[str, ...] = ()
    """Regular expressions of what is masked before it leaves the host."""
    as_root: bool = False


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/-]{0,39}", re.ASCII)
_AREA = re.compile(r"[a-z][a-z0-9-]{0,29}", re.ASCII)


def check(probes: Sequence[Probe], trees: Sequence[str]) -> None:
    """Raise BadProbes for what makes no sense."""
    if len(probes) > _MOST_PROBES:
        raise BadProbes(f"probe: at most {_MOST_PROBES}, not {len(probes)}")
    names = [probe.name for probe in probes]
    for probe in probes:
        if not _NAME.fullmatch(probe.name):
            raise BadProbes("probe: a name is 1 to 40 letters, digits, spaces or . _ / -")
        if names.count(probe.name) > 1:
            raise BadProbes(f"probe {probe.name!r}: there are two of this name")
        why = _wrong(probe)
        if why:
            raise BadProbes(f"probe {probe.name!r}: {why}")
    if len(trees) > _MOST_TREES:
        raise BadProbes(f"trees: at most {_MOST_TREES}, not {len(trees)}")
    for tree in trees:
        if not _is_tree(tree):
            raise BadProbes(
                "trees: absolute paths of directories, without a / at the end and not / itself,"
                f" not {tree[:_LONGEST_QUOTED]!r}"
            )
    size = len(json.dumps([msgspec.to_builtins(probes), list(trees)]))
    if size > _MOST_BYTES:
        raise BadProbes(
            f"probe and trees: {size} bytes as JSON; at most {_MOST_BYTES}, since customers are"
            " shown all of it before they grant anything"
        )


def _wrong(probe: Probe) -> str:
    """What makes no sense in this probe, or empty."""
    if not _AREA.fullmatch(probe.area):
        return "area: a short word in small letters"
    if not 1 <= len(probe.command) <= _MOST_WORDS or not probe.command[0]:
        return f"command: a program and its arguments, 1 to {_MOST_WORDS} words"
    if not all(word.isprintable() for word in probe.command):
        return "command: printable characters only"
    if len(shlex.join(probe.command)) > _LONGEST_COMMAND:
        return f"command: at most {_LONGEST_COMMAND} characters, quoted as a shell would want it"
    if not 0 < probe.timeout <= _LONGEST_SECONDS:
        return f"timeout: more than 0 and at most {_LONGEST_SECONDS:.0f} seconds"
    if probe.parser not in PARSERS:
        return f"parser: one of {', '.join(PARSERS)}, not {probe.parser[:_LONGEST_QUOTED]!r}"
    if len(probe.secret) > _MOST_SECRETS:
        return f"secret: at most {_MOST_SECRETS}, not {len(probe.secret)}"
    for pattern in probe.secret:
        if not 1 <= len(pattern) <= _LONGEST_PATTERN or not pattern.isprintable():
            return f"secret: each 1 to {_LONGEST_PATTERN} printable characters"
        try:
            re.compile(pattern)
        except (re.error, RecursionError, OverflowError) as error:
            return f"secret: {pattern!r} is no regular expression: {error}"
    return ""


def _is_tree(path: str) -> bool:
    return (
        path.startswith("/")
        and not path.startswith("//")
        and path != "/"
        and posixpath.normpath(path) == path
        and len(path) <= _LONGEST_PATH
        and path.isprintable()
    )
