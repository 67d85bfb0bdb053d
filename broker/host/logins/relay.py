"""A terminal as the seat of another: keys one way, output the other, and nothing of its own.

For shells that are recorded where they are run, in a pane of tmux or at a login: there no key is
ours, and whoever types may be somebody else than the customer.
"""

from __future__ import annotations

import json
import os
import re
import select
import signal
import socket
from typing import Dict, Optional

from broker.host.failures import Failed
from broker.host.view.raw_terminal import raw, signals, window_size
from broker.host.view.recorder_link import RecorderLink
from broker.wire.errors import RemoteProtocolError
from broker.wire.messages import Attached, Do, Ended, Error, Input, Message, Notice, Output, Resize

_KEYS_BYTES = 4096
_MOST_ENVIRONMENT = 48 * 1024
"""Bytes of the environment that are told: a message has an end."""
_NO_TEXT = re.compile("[\ud800-\udfff]")


class NotRecorded(Failed):
    """There is no recorded shell here; says why."""

    status = 75


class Cut(NotRecorded):
    """There was one, and its recorder is gone."""


def asked(command: str) -> Do:
    """A wish for a shell in this terminal, of its size and with this process's environment."""
    cols, rows = window_size(0)
    return Do(command, {"cols": cols, "rows": rows, "env": _environment(), "cwd": _cwd()})


def relay(sock: socket.socket, wish: Do) -> int:
    """Show the shell that is wished for, until it ends; its status. Main thread only.

    Takes the socket over. Raises NotRecorded where there is none, Cut where it can't go on.
    """
    link = RecorderLink(sock)
    try:
        with signals() as signalled:
            return _Relay(link, signalled).run(wish)
    finally:
        link.close()


class _Relay:
    def __init__(self, link: RecorderLink, signalled: int) -> None:
        self._link = link
        self._signalled = signalled
        self._terminal = ""
        self._status: Optional[int] = None

    def run(self, wish: Do) -> int:
        try:
            self._link.send(wish)
            while not self._terminal:
                self._step(reads=False)
            with raw(0):
                while self._status is None:
                    self._step(reads=True)
        except (EOFError, OSError, RemoteProtocolError):
            if self._terminal:
                raise Cut("the recorder is gone, and its shell with it") from None
            raise NotRecorded("the recorder does not answer") from None
        return self._status

    def _step(self, *, reads: bool) -> None:
        link, poll = self._link, select.poll()
        waiting = link.waiting
        poll.register(self._signalled, select.POLLIN)
        poll.register(link.fileno(), select.POLLIN | (select.POLLOUT if waiting else 0))
        if reads and not waiting:  # what the recorder does not take yet waits in the terminal
            poll.register(0, select.POLLIN)
        ready = {fd for fd, _ in poll.poll()}
        if self._signalled in ready:
            self._signal(os.read(self._signalled, 4096))
        if 0 in ready:
            data = os.read(0, _KEYS_BYTES)
            if not data:
                raise Cut("the terminal was closed")
            link.send(Input(self._terminal, "", data))
        if link.fileno() in ready:
            link.flush()
            for message in link.receive():
                self._take(message)

    def _signal(self, numbers: bytes) -> None:
        for number in numbers:
            if number != signal.SIGWINCH:
                raise Cut("the terminal was closed")
        if self._terminal:
            self._link.send(Resize(*window_size(0)))

    def _take(self, message: Message) -> None:
        if isinstance(message, Attached):
            self._terminal = message.terminal
        elif isinstance(message, Output):
            _write(message.data)
        elif isinstance(message, Notice):
            _write(f"\r\n{message.text}\r\n".encode())
        elif isinstance(message, Ended):
            self._status = message.status
        elif isinstance(message, Error):
            raise NotRecorded(message.message)


def _write(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]


def _environment() -> Dict[str, str]:
    """As much of it as there is room for, the shortest first; nothing that is no text."""
    found: Dict[str, str] = {}
    left = _MOST_ENVIRONMENT
    for name, value in sorted(os.environ.items(), key=lambda one: len(one[1])):
        told = json.dumps([name, value])
        left -= len(told)
        if left >= 0 and not _NO_TEXT.search(name + value):
            found[name] = value
    return found


def _cwd() -> str:
    try:
        return os.getcwd()  # noqa: PTH109
    except OSError:
        return "/"
