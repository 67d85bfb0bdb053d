"""The recorder's end of its socket, answering as a test wants it to."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from broker.wire.codec import Unpacker, decode, encode, pack
from broker.wire.messages import Consent, Consented, Do, Done, Message

FACTS: dict[str, Any] = {
    "session": "s1", "case": "pool is degraded", "engineer": "alice",
    "broker": "https://broker.example", "mode": "approve", "standing": "live", "away": "pause",
    "seconds_left": 5400, "link": "up", "watching": ["alice", "bob"], "typing": "",
    "terminals": [{"name": "run-1.terminal-1.cast", "number": 1, "seated": True}],
    "proposals": [], "waiting": [], "requests": [], "allowed": [], "holds": [],
    "page": "https://broker.example/customer/s1#KEY", "seated": True, "ended": False, "run": 1,
    "recorder": "root", "shell": "carol", "protected": True, "folder": "/var/lib/jumpseat/s1",
    "unheld": 0, "spool": 2**30, "streams": {},
    "receipts": {"statements": 7, "last": 1.7e9, "beyond": 0, "complete": False},
}  # fmt: skip


class RecorderEnd:
    """Keeps what it was told, and answers each command with its ``answers``, or with the facts."""

    def __init__(self, listening: socket.socket) -> None:
        self.facts = dict(FACTS)
        self.answers: dict[str, Sequence[Message | float]] = {}
        """Messages to send in this order; a number is a time to let pass, in seconds."""
        self.did: list[tuple[str, dict[str, Any]]] = []
        self.consented: list[Consented] = []
        self._listening = listening

    def serve(self) -> None:
        """Until the socket is closed."""
        while True:
            try:
                link, _ = self._listening.accept()
            except OSError:
                return
            with link, contextlib.suppress(OSError):
                self._serve(link)

    def _serve(self, link: socket.socket) -> None:
        unpacker = Unpacker()
        left: list[Message | float] = []
        while data := link.recv(65536):
            for message in map(decode, unpacker.feed(data)):
                if isinstance(message, Do):
                    self.did.append((message.command, message.args))
                    left = list(self.answers.get(message.command, [Done(self.facts)]))
                elif isinstance(message, Consented):
                    self.consented.append(message)
                while left:
                    answer = left.pop(0)
                    if isinstance(answer, float):
                        time.sleep(answer)
                        continue
                    link.sendall(pack(encode(answer)))
                    if isinstance(answer, Consent):
                        break


@contextmanager
def recorder_end(folder: Path) -> Iterator[RecorderEnd]:
    """One that listens in this folder while the block runs."""
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(folder / "s1.sock"))
    listening.listen()
    end = RecorderEnd(listening)
    thread = threading.Thread(target=end.serve)
    thread.start()
    try:
        yield end
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()
