"""``[at_rest]`` and ``[retention]`` of the configuration: read once at the start, and checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from broker.evidence.encryption import BadKey, Keys, check_recipients, read_keys

_MOST_DAYS = 36_500


class BadAtRest(Exception):
    """A setting makes no sense; the text is a sentence for people."""


@dataclass(frozen=True, slots=True)
class AtRest:
    """To whom complete sessions are encrypted, and what of them this broker can read."""

    recipients: tuple[str, ...] = ()
    """Empty: they are not encrypted."""
    keys: Keys = field(default_factory=Keys)
    """What this broker reads sealed sessions with, these and those sealed to others before."""
    search: bool = False
    """Whether sealed sessions are still found: the index holds their text, unencrypted."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How many days a complete session is kept; 0: for ever."""

    days: int = 0
    cases: Mapping[str, int] = field(default_factory=dict)
    """By a case's text, in place of the former."""

    def of(self, case: str) -> int:
        """The days of a case's sessions; 0: for ever."""
        return self.cases.get(case, self.days)


class _AtRest(msgspec.Struct, forbid_unknown_fields=True):
    recipients: list[str] = []
    identity: str | list[str] = []
    search: bool = False


class _Retention(msgspec.Struct, forbid_unknown_fields=True):
    days: int = 0
    cases: dict[str, int] = {}


def read_at_rest(told: Mapping[str, Any], folder: Path) -> AtRest:
    """Read ``[at_rest]`` of a file in ``folder``, and the keys that it names. Blocking.

    Raises BadAtRest.
    """
    try:
        table = msgspec.convert(told, _AtRest)
        names = [table.identity] if isinstance(table.identity, str) else table.identity
        recipients = check_recipients(table.recipients)
        keys = read_keys(folder / name for name in names)
    except (msgspec.ValidationError, BadKey) as error:
        raise BadAtRest(f"at_rest: {error}") from None
    if table.search and not recipients:
        raise BadAtRest("at_rest: search is about sealed sessions, and there are no recipients")
    return AtRest(recipients, keys, table.search)


def read_retention(told: Mapping[str, Any]) -> Retention:
    """Read ``[retention]``. Raises BadAtRest."""
    try:
        table = msgspec.convert(told, _Retention)
    except msgspec.ValidationError as error:
        raise BadAtRest(f"retention: {error}") from None
    for days in (table.days, *table.cases.values()):
        if not 0 <= days <= _MOST_DAYS:
            raise BadAtRest(f"retention: 0 (for ever) to {_MOST_DAYS} days, not {days}")
    return Retention(table.days, table.cases)
