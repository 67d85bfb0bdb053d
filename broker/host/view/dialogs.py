"""The short dialogs in panels: status, consent, modes, revoking, another terminal. Pure."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Union

from broker.host.columns import COLUMNS, cells, plain, plain_lines
from broker.host.notes import MOST_CHARACTERS
from broker.host.view.line_editor import LineEditor
from broker.host.view.overlay import overlay
from broker.host.view.panel import BOLD, RED, Dialog, Line, Sheet, key_on, line_on
from broker.wire.messages import Consent, Consented, Do, Done, Error

CLOSES = "Any key closes."
_CONSENT_CHARACTERS = 65536


def asked(command: str, **args: object) -> Dialog[Union[Done, Error]]:
    """Have the recorder do something, and the words typed where that takes consent."""
    answer = yield Do(command, args)
    while isinstance(answer, Consent):
        typed = yield from consent(answer)
        answer = yield Consented(answer.n, typed)
    told: Union[Done, Error] = answer
    return told


def consent(wanted: Consent) -> Dialog[str]:
    """Show what is to be agreed to; what was typed, empty for a no."""
    text = plain_lines(wanted.text[:_CONSENT_CHARACTERS])
    sheet = Sheet(
        "jumpseat · this gives the engineers more",
        [_prose(line) for line in text.split("\n")],
        "Enter answers. Esc refuses.",
        f'Type "{plain(wanted.words)}" to allow this, anything else to refuse:',
        LineEditor(most_bytes=200),
    )
    return (yield from line_on(sheet)) or ""


def _prose(line: str) -> Line:
    """A line of a text that may be laid out in columns; where it is broken its indent goes on."""
    if cells(line) <= COLUMNS:
        return Line(line, exact=True)
    indent = line[: len(line) - len(line.lstrip())][: COLUMNS // 2]
    return Line(line, first=indent, rest=indent)


def told(error: Error) -> Dialog[None]:
    """Show why something was not done."""
    sheet = Sheet("jumpseat · not done", [Line(sentence(error), RED)], CLOSES)
    yield from key_on(sheet)


def sentence(error: Error) -> str:
    """What a recorder says, as a sentence."""
    text = plain(error.message, 500)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def wanted(command: str, **args: object) -> Dialog[None]:
    """Have something done, and say so where it was not."""
    answer = yield from asked(command, **args)
    if isinstance(answer, Error):
        yield from told(answer)


def facts_now() -> Dialog[Optional[Dict[str, Any]]]:
    """The session's facts; None where the recorder did not tell, which is shown."""
    answer = yield from asked("status")
    if isinstance(answer, Done):
        return answer.status
    yield from told(answer)
    return None


def status(shown: str, prefix: str) -> Dialog[None]:
    """The status overlay, until a key is pressed."""
    facts = yield from facts_now()
    if facts is not None:
        yield from key_on(overlay(facts, shown, prefix))


def revoke() -> Dialog[None]:
    """Ask, then revoke."""
    sheet = Sheet(
        "jumpseat · revoke",
        [
            Line("Revoke the grant, for good?", BOLD),
            Line(""),
            Line(
                "The engineers see nothing new and do nothing any more; nobody can undo that. "
                "Your shell goes on, and so does the recording, until the session ends."
            ),
        ],
        "y revokes. Any other key does not.",
    )
    key = yield from key_on(sheet)
    if key.char == "y":
        yield from wanted("revoke")


def note() -> Dialog[None]:
    """Have the customer say what happened, until it can be noted."""
    editor, why = LineEditor(most_bytes=4 * MOST_CHARACTERS), ""
    while True:
        sheet = Sheet(
            "jumpseat · note",
            [
                Line("Say what happened here, and why.", BOLD),
                Line("The engineers see it at once, and beside the away report. It is recorded."),
                *([Line(""), Line(why, RED)] if why else []),
            ],
            "Enter: note it · Esc: leave it",
            "What happened?",
            editor,
        )
        text = yield from line_on(sheet)
        if not text:
            return
        answer = yield from asked("note", text=text)
        if isinstance(answer, Done):
            return
        why = sentence(answer)


def terminal(number: int) -> Dialog[str]:
    """Find the terminal of this number; its name, or empty where there is none, which is shown."""
    facts = yield from facts_now()
    if facts is None:
        return ""
    names: List[str] = [one["name"] for one in facts["terminals"] if one["number"] == number]
    if not names:
        there = ", ".join(str(one["number"]) for one in facts["terminals"])
        why = f"There is no terminal {number}; there is {there}."
        yield from key_on(Sheet("jumpseat · terminals", [Line(why)], CLOSES))
    return names[0] if names else ""
