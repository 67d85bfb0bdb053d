"""What a broker says of an invitation's code, and redeeming it; checked before it is believed.

The asking is done in a process of its own, without privileges: see ``redeem``.
"""

from __future__ import annotations

import json
import math
import os
import secrets
import subprocess
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from typing import Any, Dict, Tuple

from broker.host.columns import plain, plain_lines
from broker.host.failures import Declined, Failed, Unreachable
from broker.host.invocation import command
from broker.host.pty import User
from broker.recording import ed25519
from broker.recording.invitation import to_sign
from broker.recording.statements import Certificate
from broker.recording.watched import VendorProbe, declared, directories
from broker.wire.errors import RemoteProtocolError
from broker.wire.names import check_id

_ASK_SECONDS = 30.0
_LONGEST_BANNER = 2000
_MOST_KEYS = 500  # each costs some milliseconds
_MOST_SINCE = 2**47  # milliseconds: far, and yet a date


@dataclass(frozen=True)
class Invitation:
    """What is asked for, signed with ``key``; the banner is fit to be printed."""

    case: str
    engineer: str
    banner: str
    most_seconds: float
    key: bytes
    probes: Tuple[VendorProbe, ...]
    """The vendor's own."""
    trees: Tuple[str, ...]
    """The directories that the vendor wants watched."""
    keys: Tuple[Certificate, ...]
    """All that the broker ever had, oldest first; who vouches for which is yet to be checked."""


@dataclass(frozen=True)
class Redeemed:
    """A session at the broker; the token is shown to nobody."""

    session: str
    token: str
    keys: Tuple[Certificate, ...]
    """As of an invitation, but as they are now."""


def look(broker: str, code: str, user: User) -> Invitation:
    """Ask what a code is for; it is not used up. Raises Unreachable, Declined or Failed.

    Unreachable also where the answer is not signed with the key that comes with it: somebody
    between here and the broker passes on the key of another.
    """
    nonce = secrets.token_hex(16)
    told = _ask(broker, "look", {"code": code, "nonce": nonce}, user)
    try:
        key, signature = _bytes(told["key"]), _bytes(told["signature"])
        most = float(told["max_seconds"])
        if not (math.isfinite(most) and most >= 1):
            raise ValueError("no length of time")
        found = Invitation(
            str(told["case"]),
            str(told["engineer"]),
            plain_lines(str(told["banner"])[:_LONGEST_BANNER]),
            most,
            key,
            tuple(declared(told.get("probes", []))),  # an older broker knows of none of these
            directories(told.get("trees", [])),
            _keys(told.get("keys", [])),
        )
    except (KeyError, TypeError, ValueError):
        raise _senseless(broker) from None
    if not ed25519.verify(key, to_sign(told, nonce), signature):
        raise Unreachable(
            f"the answer from {broker} is not signed with the key that it shows: do not trust it, "
            "and ask your vendor"
        )
    return found


def redeem(
    broker: str, code: str, grant: Dict[str, Any], host: Dict[str, str], page: str, user: User
) -> Redeemed:
    """Use a code up. ``page``: the digest of the page's view token, or empty.

    Raises Unreachable, Declined or Failed.
    """
    told = _ask(broker, "redeem", {"code": code, "grant": grant, "host": host, "page": page}, user)
    try:
        session = check_id(str(told["session"]), "session")
        return Redeemed(session, str(told["token"]), _keys(told.get("keys", [])))
    except (KeyError, TypeError, ValueError, RemoteProtocolError):
        raise _senseless(broker) from None


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _keys(told: object) -> Tuple[Certificate, ...]:
    """Read the list. Raises KeyError, TypeError or ValueError."""
    if not isinstance(told, list) or len(told) > _MOST_KEYS:
        raise ValueError("no list of keys")
    found = tuple(
        Certificate(_bytes(one["public"]), int(one["since"]), _bytes(one["signature"]))
        for one in told
    )
    if not all(0 <= one.since < _MOST_SINCE for one in found):
        raise ValueError("no time")
    return found


def _senseless(broker: str) -> Unreachable:
    return Unreachable(f"what {broker} answers makes no sense to this version of Jumpseat")


def _ask(broker: str, what: str, body: Dict[str, Any], user: User) -> Dict[str, Any]:
    """Ask the broker, in a process without privileges. Raises Unreachable, Declined or Failed."""
    drop = os.geteuid() == 0 and user.uid != 0
    try:
        process = subprocess.run(
            command("redeem"),
            input=json.dumps({"url": f"{broker}/api/invitations/{what}", "body": body}).encode(),
            stdout=subprocess.PIPE,
            timeout=_ASK_SECONDS,
            check=True,
            user=user.uid if drop else None,
            group=user.gid if drop else None,
            extra_groups=[] if drop else None,
            cwd="/",
        )
        told = json.loads(process.stdout)
    except subprocess.TimeoutExpired:
        raise Unreachable(f"{broker} does not answer") from None
    except (subprocess.CalledProcessError, ValueError):
        raise Failed("asking the broker failed") from None
    if "error" not in told:
        answer: Dict[str, Any] = told["answer"]
        return answer
    code, message = told["error"]["code"], plain(told["error"]["message"])
    if code == "unreachable":
        raise Unreachable(f"can't reach {broker}: {message}")
    if code == "no-broker":
        raise Unreachable(f"{broker} is no Jumpseat broker: {message}")
    raise Declined(message)
