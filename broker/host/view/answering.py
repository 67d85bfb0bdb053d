"""The answer panel: what engineers propose and ask for, one after another, until it is answered.

Pure. A proposal is shown character for character, and runs only when all of it was shown.
"""

from __future__ import annotations

import re
from typing import Any, Dict, List, NamedTuple, Optional, Set, Union

from broker.host.columns import plain
from broker.host.proposals import MOST_TIMES
from broker.host.view.dialogs import CLOSES, asked, facts_now, sentence
from broker.host.view.keys import Key
from broker.host.view.line_editor import LineEditor
from broker.host.view.panel import BOLD, RED, Dialog, Line, Sheet, key_on, line_on
from broker.wire.messages import Done, Error

OVERRIDE = "override"
_MOST_WORD_BYTES = 500
_KEYS = (
    "r: run · e: edit · n: refuse · t: run, and the next few of this person unasked · "
    "k: run, and all of this kind unasked · Esc: later"
)
_NAME_COLUMNS = 10
_COMMAND = re.compile(r"(?:sudo )?[\w./+-]+(?: [a-z][a-z0-9-]*(?= |$))?", re.ASCII)
_REQUESTS = {
    "terminal": ("another terminal on this host", "y: open one · n: no · Esc: later"),
    "approve": (
        "mode approve: to propose lines, which run when you let them",
        "{prefix} p: allow it",
    ),
    "control": ("mode control: to type into your terminals as you could", "{prefix} c: allow it"),
    "time": ("more time", "`{program} extend 30m` in a shell outside: give it"),
}
_ANSWERS = " · n: no · Esc: later"

Facts = Dict[str, Any]


class Names(NamedTuple):
    """What things are called here: the prefix key, and what a person types for ``jumpseat``."""

    prefix: str
    program: str


class _Run(NamedTuple):
    """How a proposal shall run."""

    text: str
    times: int = 0
    kind: str = ""


def answering(names: Names) -> Dialog[None]:
    """Go through all that waits for an answer, proposals first."""
    facts = yield from facts_now()
    later: Set[str] = set()
    answered = False
    while facts is not None:
        waiting = _waiting(facts, later)
        if not waiting:
            break
        one = waiting[0]
        if answered and not (yield from _goes_on(len(waiting))):
            return
        if "proposal" in one:
            answer = yield from _proposal(one, facts, len(waiting) - 1)
        else:
            answer = yield from _request(one, names, len(waiting) - 1)
        answered = answer is not None  # Esc answers nothing: the next one may come at once
        if answer is None:
            later.add(_id(one))
        else:
            facts = answer
    if facts is not None and not answered and not later:
        yield from key_on(
            Sheet("jumpseat · answer", [Line("Nothing waits for your answer.")], CLOSES)
        )


def _id(one: Facts) -> str:
    return str(one.get("proposal") or one.get("request"))


def _waiting(facts: Facts, later: Set[str]) -> List[Facts]:
    return [one for one in (*facts["proposals"], *facts["requests"]) if _id(one) not in later]


def _goes_on(waiting: int) -> Dialog[bool]:
    """Between two: a key that was meant for the last one, or pressed twice, answers nothing."""
    more = "One more waits" if waiting == 1 else f"{waiting} more wait"
    sheet = Sheet(
        "jumpseat · answered",
        [Line(f"{more} for your answer.")],
        "Enter: show the next · Esc: later",
    )
    while True:
        key = yield from key_on(sheet)
        if key.name in ("enter", "esc"):
            return key.name == "enter"


# --- proposals ------------------------------------------------------------------------------------


def _proposal(one: Facts, facts: Facts, more: int) -> Dialog[Optional[Facts]]:
    """Have one proposal answered; the facts after that, None for later."""
    text, note = str(one["text"]), ""
    pausing = True  # it is to be read, not answered by a key that was under way
    while True:
        sheet = _shown(one, text, facts, more, note)
        sheet.pausing, pausing = pausing, False
        key = yield from _choice(sheet)
        if key.name == "esc":
            return None
        answer: Union[Done, Error, None] = None
        if key.char == "e":
            edited = yield from _edited(one, text)
            text, note = (text, "") if edited is None else (edited, "")
        elif key.char == "n":
            answer = yield from _refused(one)
        else:
            run = yield from _how(key, one, text)
            answer = None if run is None else (yield from _let_run(one, run))
        if isinstance(answer, Done):
            return answer.status
        if isinstance(answer, Error):
            note = sentence(answer)
            again = yield from facts_now()
            if again is None:
                return None
            still = [it for it in again["proposals"] if it["proposal"] == one["proposal"]]
            if not still:
                yield from key_on(Sheet("jumpseat · answer", [Line(note, RED)], CLOSES))
                return again
            one, facts = still[0], again


def _choice(sheet: Sheet) -> Dialog[Key]:
    """A key that means something; one that lets it run only when all of it was shown."""
    while True:
        key = yield from key_on(sheet)
        if key.name == "esc" or key.char in ("e", "n"):
            return key
        if key.char in ("r", "t", "k"):
            if sheet.seen:
                return key
            sheet.scroll(Key("page-down"))


def _shown(one: Facts, text: str, facts: Facts, more: int, note: str) -> Sheet:
    edited = text != one["text"]
    person = plain(one["person"])
    number = next((it["number"] for it in facts["terminals"] if it["name"] == one["terminal"]), "?")
    body = [
        *([Line(note, RED), Line("")] if note else []),
        Line(
            f"{person} proposes, in terminal {number}{', edited by you' if edited else ''}:", BOLD
        ),
        *_exactly(text),
        *_strange(text),
        Line(""),
        *_named("why", one["why"]),
        *_named("expects", one["expect"]),
    ]
    if one["holds"] and not edited:
        body += [Line(f"HOLD: {plain(it['text'], 300)}", RED, rest="      ") for it in one["holds"]]
    if not one["ready"]:
        body += _named("not yet", f"{one['unready']}; once let, it runs at the next empty prompt")
    rest = f" · {more} more" if more else ""
    return Sheet(f"jumpseat · {person} asks to run this{rest}", body, _KEYS)


def _exactly(text: str) -> List[Line]:
    """Every character as it will run: lines numbered, so that a cut row is no new line."""
    lines = text.split("\n")
    if len(lines) == 1:
        return [Line(_visible(text), first="  $ ", rest="    ", exact=True)]
    return [
        Line(_visible(line), first=f"{number:>3} | ", rest="    | ", exact=True)
        for number, line in enumerate(lines, 1)
    ]


def _visible(line: str) -> str:
    """Blanks at the end would not be seen."""
    shown = plain(line, len(line))
    bare = shown.rstrip(" ")
    return bare + "·" * (len(shown) - len(bare))


def _strange(text: str) -> List[Line]:
    """Characters that may look like others."""
    found = sorted({char for char in text if char > "~"})
    if not found:
        return []
    named = ", ".join(f"{plain(char)} U+{ord(char):04X}" for char in found[:8])
    more = f" and {len(found) - 8} more" if len(found) > 8 else ""
    return [Line(f"Not plain ASCII, and perhaps not what it looks like: {named}{more}", RED)]


def _named(name: str, text: str) -> List[Line]:
    indent = " " * _NAME_COLUMNS
    return [Line(plain(text, 1000), first=name.ljust(_NAME_COLUMNS), rest=indent)] if text else []


def _edited(one: Facts, text: str) -> Dialog[Optional[str]]:
    person = plain(one["person"])
    sheet = Sheet(
        f"jumpseat · edit what {person} proposes",
        [Line("They see in the log what ran, and that you changed it.")],
        "Enter: done · Ctrl-J: a new line · Ctrl-U, Ctrl-K, Ctrl-W: delete · Esc: as it was",
        "It shall run as:",
        LineEditor(text, lines=True),
    )
    return (yield from line_on(sheet)) or None


def _refused(one: Facts) -> Dialog[Union[Done, Error, None]]:
    sheet = Sheet(
        "jumpseat · refuse",
        [*_exactly(one["text"])[:5], Line("")],
        "Enter: refuse (with nothing typed, the word is: no) · Esc: back",
        f"A word for {plain(one['person'])}:",
        LineEditor(most_bytes=_MOST_WORD_BYTES),
    )
    word = yield from line_on(sheet)
    if word is None:
        return None
    return (yield from asked("refuse", proposal=one["proposal"], word=word.strip() or "no"))


def _how(key: Key, one: Facts, text: str) -> Dialog[Optional[_Run]]:
    """What else is allowed by letting it run; None where the customer thinks better of it."""
    if key.char == "r":
        return _Run(text)
    person = plain(one["person"])
    if key.char == "t":
        question = f"How many more of {person} run without asking you?"
        while True:
            number = yield from _filled("the next few", question, "")
            if not number:
                return None
            if number.isdecimal() and 1 <= int(number) <= MOST_TIMES:
                return _Run(text, times=int(number))
            question = f"How many? A number from 1 to {MOST_TIMES}:"
    question = f"All of {person} run without asking you that begin with exactly:"
    kind = yield from _filled("all of this kind", question, _first_words(text))
    return _Run(text, kind=kind) if kind else None


def _filled(what: str, question: str, answer: str) -> Dialog[str]:
    explained = "Holds are asked for all the same. Taking back and a change of mode end this."
    keys = "Enter: let it run, and this · Esc: back"
    editor = LineEditor(answer, most_bytes=200)
    sheet = Sheet(f"jumpseat · {what}", [Line(explained), Line("")], keys, question, editor)
    return ((yield from line_on(sheet)) or "").strip()


def _first_words(text: str) -> str:
    """The command and, where it looks like one, its subcommand."""
    found = _COMMAND.match(text)
    return found[0] if found else ""


def _let_run(one: Facts, run: _Run) -> Dialog[Union[Done, Error, None]]:
    """Approve; where that touches a hold, only once the word was typed."""
    # Edited, it may touch others, or none: then the recorder says so.
    touched = [plain(it["text"], 300) for it in one["holds"]] if run.text == one["text"] else []
    args = {"proposal": one["proposal"], "text": run.text, "times": run.times, "kind": run.kind}
    if not touched:
        answer = yield from asked("approve", **args, override=False)
        if not (isinstance(answer, Error) and answer.code == "held"):
            return answer
        touched = [plain(answer.message, 300)]
    sheet = Sheet(
        "jumpseat · a hold is up",
        [
            *(Line(f"HOLD: {text}", RED, rest="      ") for text in touched),
            Line(""),
            *_exactly(run.text),
        ],
        "Enter: let it run · Esc: back",
        f'Type "{OVERRIDE}" to run this all the same:',
        LineEditor(most_bytes=200),
    )
    if (yield from line_on(sheet)) != OVERRIDE:
        return None
    return (yield from asked("approve", **args, override=True))


# --- requests -------------------------------------------------------------------------------------


def _request(one: Facts, names: Names, more: int) -> Dialog[Optional[Facts]]:
    """Have one request answered; the facts after that, None for later."""
    what, keys = _REQUESTS[one["what"]]
    if one["what"] != "terminal":
        keys += _ANSWERS
    rest = f" · {more} more" if more else ""
    person = plain(one["person"])
    body = [Line(f"{person} asks for {what}.", BOLD)]
    told_keys = keys.format(**names._asdict())
    sheet = Sheet(f"jumpseat · {person} asks{rest}", body, told_keys, pausing=True)
    while True:
        key = yield from key_on(sheet)
        if key.name == "esc":
            return None
        if key.char == "n" or (key.char == "y" and one["what"] == "terminal"):
            answer = yield from asked("answer", request=one["request"], yes=key.char == "y")
            if isinstance(answer, Done):
                return answer.status
            yield from key_on(Sheet("jumpseat · answer", [Line(sentence(answer), RED)], CLOSES))
            return (yield from facts_now())
