"""``[[webhook]]`` in the broker's configuration: where news is sent, and signed with what."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from broker.server.news import KINDS

FORMATS = ("json", "slack")
_MOST_WEBHOOKS = 20
_LONGEST_NAME = 64
_LONGEST_URL = 2000
_SECRET_PREFIX = "whsec_"  # noqa: S105 - how each of them begins
_SECRET_BYTES = range(24, 65)  # as the Standard Webhooks specification has it
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class BadWebhook(Exception):
    """A ``[[webhook]]`` that makes no sense; a sentence for people that quotes no secret."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """One receiver. Its URL may hold a secret, and is shown nowhere."""

    name: str
    """Unique; the URL's host where the operator gave none."""
    url: str = field(repr=False)
    secret: bytes | None = field(repr=False)
    """What requests are signed with; None only for Slack, which checks no signature."""
    kinds: frozenset[str]
    format: str


class _Table(msgspec.Struct):
    url: str
    name: str | None = None
    secret: str | None = None
    secret_file: str | None = None
    kinds: list[str] | None = None
    format: str = "json"


def read(tables: Sequence[dict[str, Any]], folder: Path) -> tuple[Webhook, ...]:
    """All webhooks of a file that is in ``folder``. Blocking. Raises BadWebhook."""
    if len(tables) > _MOST_WEBHOOKS:
        raise BadWebhook(f"webhook: at most {_MOST_WEBHOOKS} of them, not {len(tables)}")
    webhooks: list[Webhook] = []
    for number, table in enumerate(tables, 1):
        try:
            webhook = _webhook(table, folder)
        except (BadWebhook, msgspec.ValidationError) as error:
            raise BadWebhook(f"webhook {number}: {error}") from None
        if any(other.name == webhook.name for other in webhooks):
            raise BadWebhook(
                f"webhook {number}: another one is called {webhook.name!r} too; give it a name"
            )
        webhooks.append(webhook)
    return tuple(webhooks)


def _webhook(settings: dict[str, Any], folder: Path) -> Webhook:
    unknown = settings.keys() - set(_Table.__struct_fields__)
    if unknown:
        raise BadWebhook(
            f"there is no setting {', '.join(sorted(map(repr, unknown)))};"
            f" there are {', '.join(_Table.__struct_fields__)}"
        )
    table = msgspec.convert(settings, _Table)
    host = _host_of(table.url)
    if table.format not in FORMATS:
        raise BadWebhook(f"format: {' or '.join(FORMATS)}, not {table.format[:40]!r}")
    secret = _secret(table, folder)
    if secret is None and table.format != "slack":
        raise BadWebhook("it needs a secret or a secret_file to sign with")
    return Webhook(_name(table.name, host), table.url, secret, _kinds(table.kinds), table.format)


def _host_of(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise BadWebhook("url: that is no URL") from None
    if not host or not url.isprintable() or " " in url or len(url) > _LONGEST_URL:
        raise BadWebhook("url: that is no URL")
    if parts.scheme != "https" and (parts.scheme != "http" or host not in _LOOPBACK):
        raise BadWebhook("url: it begins with https://, or with http:// on this machine only")
    if parts.username is not None or parts.fragment:
        raise BadWebhook("url: without a user, a password or a fragment")
    return host


def _name(name: str | None, host: str) -> str:
    if name is None:
        return host
    if not name.strip() or not name.isprintable() or len(name) > _LONGEST_NAME:
        raise BadWebhook(f"name: 1 to {_LONGEST_NAME} printable characters")
    return name


def _kinds(kinds: list[str] | None) -> frozenset[str]:
    if kinds is None:
        return frozenset(KINDS)
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown or not kinds:
        found = f", not {unknown[0][:40]!r}" if unknown else ""
        raise BadWebhook(f"kinds: one or more of {', '.join(KINDS)}{found}")
    return frozenset(kinds)


def _secret(table: _Table, folder: Path) -> bytes | None:
    if table.secret is not None and table.secret_file is not None:
        raise BadWebhook("secret or secret_file, not both")
    if table.secret_file is None:
        return None if table.secret is None else _key(table.secret, "secret")
    path = folder / table.secret_file
    try:
        return _key(path.read_text("ascii").strip(), f"secret_file {path}")
    except OSError as error:
        raise BadWebhook(f"secret_file: can't read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadWebhook(f"secret_file: {path} is no text") from None


def _key(text: str, where: str) -> bytes:
    try:
        if not text.startswith(_SECRET_PREFIX):
            raise ValueError
        key = base64.b64decode(text.removeprefix(_SECRET_PREFIX), validate=True)
        if len(key) not in _SECRET_BYTES:
            raise ValueError
    except (ValueError, binascii.Error):
        raise BadWebhook(
            f"{where}: {_SECRET_PREFIX} and the base64 of {_SECRET_BYTES.start} to"
            f" {_SECRET_BYTES.stop - 1} random bytes"
        ) from None
    return key
