"""The customer's page: its key, what is derived from it, its link. Pure but for the key's making.

Whoever has the link has the page, so the key is shown in the link and nowhere else. The broker
is told only the view token's digest: it can neither open the page nor act in the customer's name.
``docs/protocol.md`` says how both ends derive the same.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field

KEY_BYTES = 32


@dataclass(frozen=True)
class PageKey:
    """The key of one session's page."""

    raw: bytes = field(repr=False)

    @classmethod
    def made(cls) -> PageKey:
        """A new one."""
        return cls(secrets.token_bytes(KEY_BYTES))

    @classmethod
    def read(cls, text: str) -> PageKey:
        """The key as ``text`` has it. Raises ValueError."""
        try:
            raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except ValueError:
            raw = b""
        if len(raw) != KEY_BYTES or cls(raw).text != text:
            raise ValueError("no key of a page")
        return cls(raw)

    @property
    def text(self) -> str:
        """As the session file and the link have it: base64url without padding."""
        return urlsafe_b64encode(self.raw).decode().rstrip("=")

    @property
    def view_token(self) -> str:
        """What signs the page in at the broker, lower-case hex."""
        return self._derived(b"jumpseat page view").hex()

    @property
    def view_sha256(self) -> str:
        """What the broker is told of the view token when the code is redeemed, lower-case hex."""
        return hashlib.sha256(self.view_token.encode()).hexdigest()

    @property
    def act_key(self) -> bytes:
        """The key of the page's acts; the broker never sees it."""
        return self._derived(b"jumpseat page act")

    def link(self, broker: str, session: str) -> str:
        """The page's address; the key is in the fragment, which browsers send nowhere."""
        return f"{broker}/customer/{session}#{self.text}"

    def _derived(self, purpose: bytes) -> bytes:
        return hmac.new(self.raw, purpose, hashlib.sha256).digest()
