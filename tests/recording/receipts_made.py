"""A broker's key and chains of receipts, as tests need them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from broker.recording.receipts import Chain
from broker.recording.statements import Certificate, fingerprint, key_message, to_base64url

SESSION = "s1"
BEGAN = 1_700_000_000_000


class Key:
    """A broker's signing key, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self.public = self._key.public_key().public_bytes_raw()
        self.fingerprint = fingerprint(self.public)

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)

    def certify(self, next_key: Key, since: int = BEGAN) -> Certificate:
        return Certificate(next_key.public, since, self.sign(key_message(next_key.public, since)))


ONE, TWO, THREE = Key(1), Key(2), Key(3)


@dataclass
class Signer:
    """Makes a receipts file, statement by statement, a second apart."""

    key: Key = ONE
    session: str = SESSION
    time: int = BEGAN
    file: bytes = b""
    chain: Chain = field(init=False)

    def __post_init__(self) -> None:
        self.chain = Chain(self.session)

    def says(self, kind: str, **fields: object) -> Signer:
        self.time += 1000
        line = self.chain.line(kind, self.time, self.key.sign, self.key.public, **fields)
        self.chain.take(line)
        self.file += line
        return self

    def begins(self) -> Signer:
        return self.says("began", public=to_base64url(self.key.public))

    def links(self, t: float = 0.0, run: int = 1) -> Signer:
        return self.says("linked", run=run, t=round(t * 1000))

    def holds(self, stream: str, data: bytes) -> Signer:
        digest = hashlib.sha256(data).hexdigest()
        return self.says("receipt", stream=stream, offset=len(data), sha256=digest)

    def completes(self) -> Signer:
        streams = {name: one.fields["offset"] for name, one in self.chain.held.items()}
        return self.says("complete", streams=streams)

    def rotates(self, to: Key) -> Signer:
        certificate = self.key.certify(to)
        self.key = to
        return self.says(
            "key", public=to_base64url(to.public), certificates=[certificate.as_json()]
        )
