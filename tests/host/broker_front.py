"""What a broker answers about an invitation, as a test wants it to."""

from __future__ import annotations

import base64
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from broker.recording.invitation import to_sign


class BrokerFront:
    """One invitation; ``said`` overrides what ``look`` answers."""

    def __init__(self) -> None:
        self.url = ""
        self.key = Ed25519PrivateKey.generate()
        self.signs_with: Ed25519PrivateKey | None = None
        """Where it is another than it shows."""
        self.said: dict[str, Any] = {}
        self.then_said: dict[str, Any] = {}
        """What ``redeem`` answers besides."""
        self.redeemed: list[dict[str, Any]] = []

    def answer(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The answer to a POST."""
        if path == "/api/invitations/redeem":
            self.redeemed.append(body)
            return {"session": "s1", "token": "token-of-the-session", "until": 0, **self.then_said}
        told = {
            "case": "pool is degraded",
            "engineer": "alice",
            "expires": 0,
            "max_seconds": 8 * 3600,
            "banner": "Welcome to support.",
            "key": base64.urlsafe_b64encode(self.key.public_key().public_bytes_raw()).decode(),
            **self.said,
        }
        signature = (self.signs_with or self.key).sign(to_sign(told, body["nonce"]))
        return {"signature": base64.urlsafe_b64encode(signature).decode(), **told}


@contextmanager
def broker_front() -> Iterator[BrokerFront]:
    """One that listens on loopback while the block runs."""
    front = BrokerFront()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = json.dumps(front.answer(self.path, body)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        front.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield front
        finally:
            server.shutdown()
            thread.join()
