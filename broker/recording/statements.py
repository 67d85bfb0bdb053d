"""One signed statement: its fields, its only encoding, and the names of keys.

A body is a JSON object in one encoding (keys sorted, no spaces, UTF-8), so that whoever reads it
may encode it again and compare: there are no two texts that say the same.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any, Callable, Dict, FrozenSet, Mapping, Optional

from broker.recording import ed25519
from broker.wire.errors import RemoteProtocolError
from broker.wire.names import parse_stream

KEY_DOMAIN = b"jumpseat key 1\n"

_MOST_NUMBER = 2**53 - 1  # what every JSON reader holds exactly
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_KEY = re.compile(r"SHA256:[A-Za-z0-9+/]{43}", re.ASCII)

_EVERY = frozenset({"n", "previous", "session", "key", "time", "kind"})
FIELDS: Mapping[str, FrozenSet[str]] = {
    "began": frozenset({"public"}),
    "linked": frozenset({"run", "t"}),
    "receipt": frozenset({"stream", "offset", "sha256"}),
    "key": frozenset({"public", "certificates"}),
    "complete": frozenset({"streams"}),
    "sealed": frozenset({"stream", "size", "sha256", "recipients"}),
    "deleted": frozenset({"by", "why"}),
}
"""What each kind of statement says besides what all of them do."""


@dataclass(frozen=True)
class Statement:
    """One line, read. ``time``: the broker's, Unix milliseconds; ``fields``: those of its kind."""

    n: int
    key: str
    time: int
    kind: str
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Certificate:
    """An old key's word for the one that follows it; ``since``: Unix milliseconds."""

    public: bytes
    since: int
    signature: bytes

    def is_of(self, old: bytes) -> bool:
        """Whether the old key (its 32 public bytes) gave its word."""
        return ed25519.verify(old, key_message(self.public, self.since), self.signature)

    def as_json(self) -> Dict[str, Any]:
        """As it stands in ``key`` statements and in a broker's list of keys."""
        return {
            "public": to_base64url(self.public),
            "since": self.since,
            "signature": to_base64url(self.signature),
        }


def fingerprint(key: bytes) -> str:
    """How people are shown a key, as ssh shows it."""
    return "SHA256:" + b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def key_message(public: bytes, since: int) -> bytes:
    """What an old key signs to vouch for the one that follows it, from ``since`` (Unix ms) on."""
    return KEY_DOMAIN + to_base64url(public).encode() + b"\n" + str(since).encode()


def to_base64url(raw: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(raw).decode().rstrip("=")


def from_base64url(text: str) -> bytes:
    """The bytes of base64url without padding. Raises ValueError."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def to_json(body: Mapping[str, Any]) -> str:
    """The only encoding of a body."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def certificate(told: Mapping[str, Any]) -> Certificate:
    """Read one, as ``as_json`` gives it. Raises ValueError."""
    if not _is_certificate(told):
        raise ValueError("not a certificate")
    public, signature = from_base64url(told["public"]), from_base64url(told["signature"])
    return Certificate(public, told["since"], signature)


def read_body(body: bytes) -> Optional[Dict[str, Any]]:
    """A statement's body, or None where it is none."""
    try:
        found = json.loads(body)
        canonical = isinstance(found, dict) and to_json(found).encode() == body
    except (ValueError, RecursionError):
        return None
    return found if canonical and _is_statement(found) else None


def _is_statement(found: Mapping[str, Any]) -> bool:
    kind = found.get("kind")
    if not isinstance(kind, str) or kind not in FIELDS:
        return False
    if found.keys() != _EVERY | FIELDS[kind]:
        return False
    return all(_SHAPES[name](value) for name, value in found.items())


def _is_number(value: object) -> bool:
    return type(value) is int and 0 <= value <= _MOST_NUMBER


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= 1000


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def _is_base64url(value: object, size: int) -> bool:
    if not isinstance(value, str) or not value.isascii():
        return False
    try:
        raw = from_base64url(value)
    except ValueError:
        return False
    return len(raw) == size and to_base64url(raw) == value


def _is_key(value: object) -> bool:
    return isinstance(value, str) and _KEY.fullmatch(value) is not None


def _is_stream(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(parse_stream(value))
    except RemoteProtocolError:
        return False


def _is_certificate(value: object) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"public", "since", "signature"}
        and _is_base64url(value["public"], ed25519.KEY_BYTES)
        and _is_number(value["since"])
        and _is_base64url(value["signature"], ed25519.SIGNATURE_BYTES)
    )


_SHAPES: Mapping[str, Callable[[Any], bool]] = {
    "n": _is_number,
    "previous": lambda value: value == "" or _is_digest(value),
    "session": _is_text,
    "key": _is_key,
    "time": _is_number,
    "kind": _is_text,
    "public": lambda value: _is_base64url(value, ed25519.KEY_BYTES),
    "run": _is_number,
    "t": _is_number,
    "stream": _is_stream,
    "offset": lambda value: _is_number(value) and value > 0,
    "sha256": _is_digest,
    "certificates": lambda value: (
        isinstance(value, list) and len(value) > 0 and all(map(_is_certificate, value))
    ),
    "streams": lambda value: (
        isinstance(value, dict)
        and all(map(_is_stream, value))
        and all(map(_is_number, value.values()))
    ),
    "size": _is_number,
    "recipients": lambda value: isinstance(value, list) and all(map(_is_text, value)),
    "by": _is_text,
    "why": _is_text,
}
