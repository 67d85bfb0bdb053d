"""Lines that engineers propose, until each has run, or will not. Pure.

A proposal is one line or a short script; the customer lets it run, as it is or edited, or refuses
it. They may also let the next few of a person run unasked, or all that begin with exactly the same
words. What runs is the approved text, character for character, so a text that a terminal or a
shell would read as something else is not taken in the first place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from typing import Dict, List, Mapping, Optional, Tuple

from broker.host.refusal import NotDone

MOST_BYTES = 8192
MOST_LINES = 100
MOST_WORDS = 500
"""Characters of a reason, an expectation, or a word of refusal."""
MOST_PENDING = 20
MOST_TIMES = 100
_REMEMBERED = 200

# Where bash or zsh puts something else in the place of "!" and what follows it, or of "^old^new".
_HISTORY = re.compile(r"(?<!\\)!(?![\s=(]|$)|^\^", re.MULTILINE)
_SINGLE_QUOTED = re.compile(r"'[^']*'")
_PLAIN_WORDS = re.compile(r"(?: [A-Za-z0-9 _./:@%+=,-]*)?", re.ASCII)
_PASTE, _PASTE_END = b"\x1b[200~", b"\x1b[201~"


class State(Enum):
    """Where a proposal is in its life."""

    PENDING = "waits for an answer"
    APPROVED = "approved"
    RAN = "has run"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Step(Enum):
    """What can happen to a proposal."""

    APPROVE = "approve"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    RUN = "run"


TRANSITIONS: Mapping[Tuple[State, Step], State] = {
    (State.PENDING, Step.APPROVE): State.APPROVED,
    (State.PENDING, Step.REFUSE): State.REFUSED,
    (State.PENDING, Step.WITHDRAW): State.WITHDRAWN,
    (State.APPROVED, Step.WITHDRAW): State.WITHDRAWN,
    (State.APPROVED, Step.RUN): State.RAN,
}


@dataclass(frozen=True)
class Proposal:
    """One proposal; ``text`` is what would run, the customer's own once they have edited it."""

    id: str
    viewer: str
    person: str
    terminal: str
    text: str
    why: str
    expect: str
    state: State = State.PENDING
    by: str = ""
    """Who let it run."""
    how: str = ""
    """``asked``, ``page``, ``times`` or ``kind``; the last two ran unasked."""


@dataclass(frozen=True)
class Allowance:
    """Proposals of a person that run unasked: so many more, or those that begin like this."""

    person: str
    by: str
    times: int
    kind: str

    def covers(self, person: str, text: str) -> bool:
        """Whether this text of this person needs no question."""
        if person != self.person:
            return False
        if self.kind:
            rest = text[len(self.kind) :]
            return text.startswith(self.kind) and _PLAIN_WORDS.fullmatch(rest) is not None
        return self.times > 0


class Proposals:
    """All proposals of one run of the recorder; ids begin with ``prefix``."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._count = 0
        self._proposals: Dict[str, Proposal] = {}
        self._allowances: List[Allowance] = []

    @property
    def pending(self) -> List[Proposal]:
        """Those that wait for an answer, oldest first."""
        return self._in(State.PENDING)

    @property
    def waiting(self) -> List[Proposal]:
        """Those that are approved and wait for a prompt, oldest first."""
        return self._in(State.APPROVED)

    @property
    def allowances(self) -> List[Allowance]:
        """What runs unasked."""
        return list(self._allowances)

    def propose(
        self, viewer: str, person: str, terminal: str, text: str, why: str, expect: str
    ) -> Proposal:
        """Take in a proposal. Raises NotDone where it can't be shown, or run, as it is."""
        text = checked_text(text)
        if len(self.pending) >= MOST_PENDING:
            raise NotDone("too-many", f"{MOST_PENDING} proposals wait for an answer already")
        why, expect = checked_words(why, "why"), checked_words(expect, "expect")
        self._count += 1
        proposal = Proposal(
            f"{self._prefix}p{self._count}", viewer, person, terminal, text, why, expect
        )
        self._proposals[proposal.id] = proposal
        self._forget()
        return proposal

    def unasked(self, proposal: Proposal) -> Optional[Tuple[str, Allowance]]:
        """How this one may run without a question (``times``, ``kind``), if it may; one is used."""
        for at, allowance in enumerate(self._allowances):
            if allowance.covers(proposal.person, proposal.text):
                if allowance.kind:
                    return "kind", allowance
                left = replace(allowance, times=allowance.times - 1)
                self._allowances[at : at + 1] = [left] if left.times else []
                return "times", allowance
        return None

    def check_approval(self, proposal_id: str, text: str, times: int, kind: str) -> str:
        """The text as it would run. Raises NotDone where this approval can't be given."""
        proposal = self._find(proposal_id)
        self._after(proposal, Step.APPROVE)
        if not 0 <= times <= MOST_TIMES:
            raise NotDone("bad-times", f"let at most the next {MOST_TIMES} run unasked")
        if times and kind:
            raise NotDone("bad-kind", "either the next few, or a kind: not both")
        text = checked_text(text)
        if kind:
            _check_kind(kind, text)
        return text

    def approve(self, proposal_id: str, by: str, how: str, text: str) -> Proposal:
        """It may run, as ``text``. Raises NotDone where it was answered already."""
        text = self.check_approval(proposal_id, text, 0, "")
        return self._step(proposal_id, Step.APPROVE, text=text, by=by, how=how)

    def allow(self, person: str, by: str, times: int, kind: str) -> Allowance:
        """More of this person's proposals may run unasked."""
        allowance = Allowance(person, by, times, kind)
        self._allowances.append(allowance)
        return allowance

    def refuse(self, proposal_id: str, by: str) -> Proposal:
        """It will not run. Raises NotDone where it was answered already."""
        return self._step(proposal_id, Step.REFUSE, by=by)

    def withdraw(self, proposal_id: str, person: str) -> Proposal:
        """Its engineer takes it back. Raises NotDone where it has run, or is another's."""
        if self._find(proposal_id).person != person:
            raise NotDone("not-yours", "that is somebody else's proposal")
        return self._step(proposal_id, Step.WITHDRAW)

    def clear(self) -> List[Proposal]:
        """Nothing waits and nothing runs unasked any more; what was withdrawn by that."""
        self._allowances.clear()
        waiting = self.pending + self.waiting
        return [self._step(one.id, Step.WITHDRAW) for one in waiting]

    def run(self, proposal_id: str) -> Proposal:
        """It is being typed now, once."""
        return self._step(proposal_id, Step.RUN)

    def _in(self, state: State) -> List[Proposal]:
        return [one for one in self._proposals.values() if one.state is state]

    def _find(self, proposal_id: str) -> Proposal:
        proposal = self._proposals.get(proposal_id)
        if proposal is None:
            raise NotDone("unknown-proposal", "there is no such proposal")
        return proposal

    def _after(self, proposal: Proposal, step: Step) -> State:
        state = TRANSITIONS.get((proposal.state, step))
        if state is None:
            by = f" by {proposal.by}" if proposal.by else ""
            told = f"too late to {step.value} it: the proposal is {proposal.state.value}{by}"
            if proposal.state is State.RAN:
                told = (
                    f"too late to {step.value} it: the proposal has run, allowed by {proposal.by}"
                )
            raise NotDone("answered", told)
        return state

    def _step(self, proposal_id: str, step: Step, **changes: str) -> Proposal:
        proposal = self._find(proposal_id)
        after = replace(proposal, state=self._after(proposal, step), **changes)
        self._proposals[proposal_id] = after
        return after

    def _forget(self) -> None:
        """Answers to late questions are kept for the last few."""
        over = [one.id for one in self._proposals.values() if one.state not in _OPEN]
        for proposal_id in over[: max(0, len(over) - _REMEMBERED)]:
            del self._proposals[proposal_id]


_OPEN = (State.PENDING, State.APPROVED)


def checked_text(text: str) -> str:
    """A text that runs as it is shown; newlines at its ends are cut. Raises NotDone."""
    text = text.strip("\n")
    if not text.strip():
        raise NotDone("empty", "there is nothing to run in it")
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise NotDone("too-long", f"a proposal has at most {MOST_BYTES} bytes")
    lines = text.split("\n")
    if len(lines) > MOST_LINES:
        raise NotDone("too-long", f"a proposal has at most {MOST_LINES} lines")
    for number, line in enumerate(lines, 1):
        if not line.isprintable():
            bad = next(char for char in line if not char.isprintable())
            raise NotDone(
                "control-characters",
                f"line {number} holds a character that can't be shown as it is: U+{ord(bad):04X}",
            )
    # Shells differ in what an apostrophe means between double quotes: then it protects nothing.
    unquoted = text if '"' in text else _SINGLE_QUOTED.sub("''", text)
    if _HISTORY.search(unquoted):
        raise NotDone(
            "history-expansion",
            "a shell may put something else in place of ! or ^: write it in single quotes",
        )
    return text


def checked_words(words: str, what: str) -> str:
    """A reason, or a word of refusal. Raises NotDone."""
    words = words.strip()
    if len(words) > MOST_WORDS or not words.isprintable():
        raise NotDone("bad-words", f"{what}: at most {MOST_WORDS} characters that can be shown")
    return words


def _check_kind(kind: str, text: str) -> None:
    if len(kind) < 3 or not re.search(r"\w{2}", kind) or kind != kind.strip():
        raise NotDone("bad-kind", "a kind begins with the words of a command: longer, please")
    if "\n" in text or not Allowance("", "", 0, kind).covers("", text):
        raise NotDone(
            "bad-kind",
            "the line itself must be of this kind: the same beginning, then plain words only",
        )


def keys_of(text: str, *, bracketed: bool) -> bytes:
    """What to type so that exactly this runs.

    ``bracketed``: the program in front takes pastes as one (mode 2004), so that no character of
    the text is a key to it; without, only a single line can be typed.
    """
    if bracketed:
        return _PASTE + text.encode() + _PASTE_END + b"\r"
    if "\n" in text:
        raise ValueError("several lines, and nobody takes them as one")
    return text.encode() + b"\r"
