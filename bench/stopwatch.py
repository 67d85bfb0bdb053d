"""Measures one line, in a process of its own; told what by JSON on stdin, answers on stdout.

A line is a way to a terminal: keys in, what is printed out. There are two, plain ssh and a viewer
of a session, and the same code measures both.
"""

import json
import os
import signal
import subprocess
import sys
import time
from typing import Any, Protocol

from bench.websocket import Websocket
from broker.wire.codec import decode, encode
from broker.wire.messages import Append, Input, Ping, Pong, Snapshot, Watch

KEYS = b"abcdefghijklmnopqrstuvwxyz"
END = b"END-OF-BULK"
MOST_SECONDS = 120


class Line(Protocol):
    """A way to a terminal."""

    def send(self, keys: bytes) -> None:
        """Press keys."""

    def receive(self) -> bytes:
        """What was printed next, as it came; blocks."""

    def close(self) -> None:
        """Hang up."""


class Ssh:
    """A terminal at the other end of ssh."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in = self._process.stdin.fileno()
        self._out = self._process.stdout.fileno()

    def send(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._in, keys)

    def receive(self) -> bytes:
        """What was printed next."""
        data = os.read(self._out, 256 * 1024)
        if not data:
            raise OSError("ssh has ended")
        return data

    def close(self) -> None:
        """Hang up."""
        self._process.kill()
        self._process.communicate()


class Viewer:
    """A terminal as an engineer's page has it."""

    def __init__(self, host: str, port: int, session: str, cookie: str, terminal: str) -> None:
        headers = {"Cookie": cookie, "Origin": f"http://{host}:{port}"}
        self._socket = Websocket(host, port, f"/api/sessions/{session}/watch", headers)
        self._terminal = terminal
        self._socket.send(encode(Watch(terminal, -1)), text=True)

    def send(self, keys: bytes) -> None:
        """Press keys."""
        self._socket.send(encode(Input(self._terminal, "", keys)))

    def receive(self) -> bytes:
        """What was recorded next, as it stands in the recording; first, the screen so far."""
        while True:
            message = decode(self._socket.receive())
            if isinstance(message, Append | Snapshot):
                return message.data
            if isinstance(message, Ping):
                self._socket.send(encode(Pong(message.n)), text=True)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def echo(line: Line, keys: int, pause: float) -> dict[str, Any]:
    """Press keys one at a time; for each, the seconds until it is seen."""
    seen = b""
    while b"ready" not in seen:
        seen += line.receive()
    took = []
    for number in range(keys + 50):
        key = KEYS[number % len(KEYS) :][:1]
        wanted = key + b'"' if isinstance(line, Viewer) else key
        began = time.perf_counter()
        line.send(key)
        while wanted not in line.receive():
            pass
        if number >= 50:  # the first ones warm up
            took.append(time.perf_counter() - began)
        time.sleep(pause)
    return {"took": took}


def bulk(line: Line, file: str) -> dict[str, Any]:
    """Print a file that ends with END; when it began and ended, and the bytes that came."""
    line.send(b"\n")
    line.receive()
    began = time.monotonic()
    line.send(f"cat {file}\n".encode())
    tail, came = b"", 0
    while END not in tail:
        data = line.receive()
        came += len(data)
        tail = tail[-len(END) :] + data
    return {"began": began, "ended": time.monotonic(), "bytes": came}


def main() -> None:
    """Run as a process."""
    signal.alarm(MOST_SECONDS)
    told = json.load(sys.stdin)
    line: Line = Ssh(told["ssh"]) if "ssh" in told else Viewer(**told["viewer"])
    try:
        if told["measure"] == "echo":
            answer = echo(line, told["keys"], told["pause"])
        else:
            answer = bulk(line, told["file"])
    finally:
        line.close()
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
