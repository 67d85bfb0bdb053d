"""The process that our shells start for a line that matches a hold: it says so, and asks.

``held SOCKET TERMINAL`` reads the line from its standard input and exits with 0 where it may run
and with 5 where it must not. The recorder, at the socket, knows the holds and logs what happens. A
recorder that does not answer must not make the shell unusable: then the words still do, and whoever
types them is told that no log has them. Where nobody can be asked, the line does not run.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import termios
import time
from typing import Any, Dict, Iterator, List, Optional

from broker.host import sessions
from broker.host.columns import plain
from broker.host.failures import REFUSED, Failed

WORDS = "override"
_MOST_LINE = 8192
_MOST_SHOWN = 20
"""Lines of a script that are shown before the question."""
_ANSWER_BYTES = 4096


def main(arguments: List[str]) -> int:
    """Ask whether the line on standard input may run; 0: it may, 5: it must not."""
    path, terminal = arguments
    line = sys.stdin.buffer.read().decode("utf-8", "replace").rstrip("\n")
    try:
        stopped: Optional[List[Dict[str, Any]]] = _do(path, "check", line, terminal)["stopped"]
        told = [_told(hold) for hold in stopped or ()]
        why = ""
    except (Failed, KeyError, TypeError, ValueError) as failure:
        stopped, told = None, []
        why = (
            str(failure) if isinstance(failure, Failed) else "the recorder's answer makes no sense"
        )
    if stopped == []:
        return 0  # it was lifted a moment ago
    if stopped is None:
        told = [
            f"HOLD: this line matches one. Which one can't be told, nor can this be logged: {why}."
        ]
    try:
        with _asking() as terminal_fd:
            answer = _ask(terminal_fd, "\n".join([*told, *_shown(line)]))
            if answer != WORDS:
                _print(terminal_fd, "It has not run.\n")
                return REFUSED
            if stopped is not None:
                _override(terminal_fd, path, line, terminal)
    except (OSError, termios.error):
        return REFUSED
    return 0


def _override(terminal_fd: int, path: str, line: str, terminal: str) -> None:
    try:
        _do(path, "override", line, terminal)
    except Failed as failure:
        _print(terminal_fd, f"The session log does not have this override: {failure}.\n")


def _do(path: str, command: str, line: str, terminal: str) -> Dict[str, Any]:
    """Have the recorder do it. Raises Failed."""
    if len(line) > _MOST_LINE:
        raise Failed(f"it has more than {_MOST_LINE} characters")
    with socket.socket(socket.AF_UNIX) as recorder:
        try:
            recorder.connect(path)
        except OSError as error:
            raise Failed(f"the recorder can't be reached: {error.strerror}") from None
        return sessions.do(recorder, command, line=line, terminal=terminal)


def _told(hold: Dict[str, Any]) -> str:
    since = time.strftime("%Y-%m-%d %H:%M", time.localtime(float(hold["since"])))
    return f"HOLD by {plain(str(hold['by']))} since {since}: {plain(str(hold['text']), 300)}"


def _shown(line: str) -> List[str]:
    lines = line.split("\n")
    shown = [f"  {plain(one, 400)}" for one in lines[:_MOST_SHOWN]]
    if len(lines) > _MOST_SHOWN:
        shown.append(f"  … and {len(lines) - _MOST_SHOWN} more lines")
    return ["This would run:", *shown, "This prevents slips, not attackers."]


@contextlib.contextmanager
def _asking() -> Iterator[int]:
    """The terminal as a program that reads a line wants it; a line editor's settings come back.

    What was typed, or pasted, before the question is no answer to it, and what is left after the
    answer no command: both are dropped.
    """
    fd = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    try:
        before = termios.tcgetattr(fd)
        asking = termios.tcgetattr(fd)
        asking[0] |= termios.ICRNL
        asking[1] |= termios.OPOST | termios.ONLCR
        asking[3] |= termios.ICANON | termios.ECHO | termios.ECHOE | termios.ECHOK
        # Ctrl-C ends the answer, as Enter does: a signal would reach shells that wait for us too.
        asking[3] &= ~termios.ISIG
        asking[6][termios.VEOL], asking[6][termios.VEOF] = b"\x03", b"\x04"
        termios.tcsetattr(fd, termios.TCSAFLUSH, asking)
        try:
            yield fd
        finally:
            termios.tcsetattr(fd, termios.TCSAFLUSH, before)
    finally:
        os.close(fd)


def _ask(fd: int, text: str) -> str:
    _print(fd, f'{text}\nType "{WORDS}" to run it all the same, anything else not to: ')
    answer = os.read(fd, _ANSWER_BYTES)
    if not answer.endswith(b"\n"):
        _print(fd, "\n")
    return answer.decode("utf-8", "replace").strip()


def _print(fd: int, text: str) -> None:
    data = memoryview(text.encode("utf-8", "replace"))
    while data:
        data = data[os.write(fd, data) :]
