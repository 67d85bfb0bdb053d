"""Asking whoever runs a command, at their terminal; answers stay apart from standard output."""

from __future__ import annotations

import os
import sys
import termios
from contextlib import suppress
from typing import List, TextIO

from broker.host.failures import Failed
from broker.host.sessions import Voice


def tell(text: str) -> None:
    """Say something while a command waits."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def typed_words(text: str, words: str) -> str:
    """Show a text and have the words typed; what was typed, which may be anything.

    Raises Failed where there is no terminal to type at.
    """
    if not (os.isatty(0) and os.isatty(2)):
        raise Failed(f'this takes a typed "{words}": run it in a terminal (ssh: use -t)')
    sys.stderr.write(f"{text.rstrip()}\n\n")
    return typed_line(f'Type "{words}" to agree, anything else to refuse: ', sys.stderr)


def typed_line(prompt: str, out: TextIO) -> str:
    """Ask for a line; empty where none came, or no text.

    What was typed or pasted before the question does not count: nobody had read it.
    """
    out.flush()
    termios.tcflush(0, termios.TCIFLUSH)
    out.write(prompt)
    out.flush()
    try:
        line = sys.stdin.readline()  # not input(), which stumbles over a NUL
    except UnicodeDecodeError:
        line = ""
    if not line.endswith("\n"):
        out.write("\n")
    return line.rstrip("\n")


def typed_text(prompt: str) -> str:
    """Read lines up to an empty one or the end; the prompt is shown where somebody types them."""
    if os.isatty(0):
        tell(prompt)
    lines: List[str] = []
    with suppress(UnicodeDecodeError):
        for line in sys.stdin:
            if not line.strip():
                break
            lines.append(line)
    return "".join(lines)


VOICE = Voice(tell, typed_words)
"""Of every command."""
