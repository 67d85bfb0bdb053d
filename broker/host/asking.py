"""Asking whoever runs a command, at their terminal; answers stay apart from standard output."""

from __future__ import annotations

import os
import sys
import termios

from broker.host.failures import Failed
from broker.host.sessions import Voice


def tell(text: str) -> None:
    """Say something while a command waits."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def typed_words(text: str, words: str) -> str:
    """Show a text and have the words typed; what was typed, which may be anything.

    Raises Failed where there is no terminal to type at. What was typed ahead does not count.
    """
    if not (os.isatty(0) and os.isatty(2)):
        raise Failed(f'this takes a typed "{words}": run it in a terminal (ssh: use -t)')
    termios.tcflush(0, termios.TCIFLUSH)
    sys.stderr.write(f'{text.rstrip()}\n\nType "{words}" to agree, anything else to refuse: ')
    sys.stderr.flush()
    try:
        return sys.stdin.readline().rstrip("\n")
    except UnicodeDecodeError:
        return ""


VOICE = Voice(tell, typed_words)
"""Of every command."""
