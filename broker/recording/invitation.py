"""What a broker signs of an invitation, so that nobody on the way changes what a customer is shown.

Pure.
"""

from __future__ import annotations

import json
from typing import Any, Mapping


def to_sign(told: Mapping[str, Any], nonce: str) -> bytes:
    """The bytes whose signature answers a host's look at an invitation.

    ``told``: the answer, with or without its ``signature``; ``nonce``: what the host asked with.
    """
    shown = {name: value for name, value in told.items() if name != "signature"}
    text = json.dumps(shown, sort_keys=True, separators=(",", ":"))
    return f"jumpseat look\n{nonce}\n{text}".encode()
