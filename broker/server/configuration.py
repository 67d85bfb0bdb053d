"""What an operator configures in a file: TOML, read once at the start, wrong settings refused."""

import json
import re
import tomllib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from broker.recording.watched import VendorProbe, declared, directories
from broker.server.at_rest.settings import (
    AtRest,
    BadAtRest,
    Retention,
    read_at_rest,
    read_retention,
)
from broker.server.webhooks.settings import BadWebhook, Webhook
from broker.server.webhooks.settings import read as read_webhooks

MOST_GRANT_SECONDS = 8 * 3600
"""The longest that a customer can grant at once, unless the file says otherwise."""

LONGEST_GRANT_SECONDS = 7 * 24 * 3600
_LONGEST_BANNER = 2000
_MOST_WATCHED_BYTES = 24 * 1024
"""Of probes and trees as JSON: a host reads no more than 64 KiB of what it is told."""
_DURATION = re.compile(r"([1-9][0-9]{0,4})([hm])")
_UNIT_SECONDS = {"h": 3600, "m": 60}


class BadConfiguration(Exception):
    """The file can't be read or says what makes no sense; the text is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """The settings of one broker."""

    banner: str = ""
    """The vendor's plain text, which customers are shown before they grant anything."""
    max_grant_seconds: int = MOST_GRANT_SECONDS
    probes: tuple[VendorProbe, ...] = ()
    """The vendor's own; customers are shown them before they grant anything."""
    trees: tuple[str, ...] = ()
    """Directories that are watched besides ``/etc``."""
    webhooks: tuple[Webhook, ...] = ()
    """Where news is sent."""
    at_rest: AtRest = field(default_factory=AtRest)
    retention: Retention = field(default_factory=Retention)


class _File(msgspec.Struct):
    banner: str = ""
    max_grant: str | None = None
    probe: Any = []
    trees: Any = []
    webhook: list[dict[str, Any]] = []
    at_rest: dict[str, Any] = {}
    retention: dict[str, Any] = {}


def read(path: Path) -> Configuration:
    """Read the file. Blocking. Raises BadConfiguration."""
    try:
        settings = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadConfiguration(f"can't read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadConfiguration(f"{path} is not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise BadConfiguration(f"{path} is not TOML: {error}") from None
    unknown = settings.keys() - set(_File.__struct_fields__)
    if unknown:
        raise BadConfiguration(
            f"{path}: there is no setting {', '.join(sorted(map(repr, unknown)))};"
            f" there are {', '.join(_File.__struct_fields__)}"
        )
    try:
        file = msgspec.convert(settings, _File)
        probes, trees = _watched(file)
        return Configuration(
            banner=_banner(file.banner),
            max_grant_seconds=(
                MOST_GRANT_SECONDS if file.max_grant is None else _seconds(file.max_grant)
            ),
            probes=probes,
            trees=trees,
            webhooks=read_webhooks(file.webhook, path.parent),
            at_rest=read_at_rest(file.at_rest, path.parent),
            retention=read_retention(file.retention),
        )
    except (msgspec.ValidationError, BadWebhook, BadAtRest, BadConfiguration) as error:
        raise BadConfiguration(f"{path}: {error}") from None


def _banner(text: str) -> str:
    text = text.strip("\n")
    if len(text) > _LONGEST_BANNER:
        raise BadConfiguration(f"banner: at most {_LONGEST_BANNER} characters, not {len(text)}")
    for number, line in enumerate(text.split("\n"), 1):
        if not line.isprintable():
            raise BadConfiguration(f"banner: line {number} has characters that can't be printed")
    return text


def _watched(file: _File) -> tuple[tuple[VendorProbe, ...], tuple[str, ...]]:
    try:
        probes, trees = tuple(declared(file.probe)), directories(file.trees)
    except ValueError as error:
        raise BadConfiguration(str(error)) from None
    size = len(json.dumps([[asdict(one) for one in probes], trees]))
    if size > _MOST_WATCHED_BYTES:
        raise BadConfiguration(
            f"probes and trees: {size} bytes as JSON; at most {_MOST_WATCHED_BYTES}, since"
            " customers are shown all of it before they grant anything"
        )
    return probes, trees


def _seconds(duration: str) -> int:
    found = _DURATION.fullmatch(duration)
    if found is None:
        raise BadConfiguration(f"max_grant: a time like 8h or 90m, not {duration[:40]!r}")
    seconds = int(found[1]) * _UNIT_SECONDS[found[2]]
    if seconds > LONGEST_GRANT_SECONDS:
        raise BadConfiguration(f"max_grant: at most {LONGEST_GRANT_SECONDS // 3600}h")
    return seconds
