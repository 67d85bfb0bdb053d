"""Proposals, from an engineer's page to the shell: asked, answered, and run at an empty prompt.

The decisions are ``proposals``'s and ``authority``'s; this ties them to the session log and to the
terminals. Each step is written to the log before it takes effect.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Optional, Set, Tuple

from broker.host.authority import Authority
from broker.host.hold_keeper import HoldKeeper
from broker.host.holds import Hold
from broker.host.proposals import Proposal, Proposals, checked_words, keys_of
from broker.host.recorded import RecordedTerminal
from broker.host.refusal import NotDone, Refusal
from broker.recording.grant import Mode

_ANSWERED = ("asked", "page")


class Proposing:
    """The proposals of one run of the recorder; ``tell`` puts a notice before the customer."""

    def __init__(
        self,
        run: int,
        authority: Authority,
        terminals: Mapping[str, RecordedTerminal],
        holds: HoldKeeper,
        clock: Callable[[], float],
        log: Callable[..., None],
        tell: Callable[[str, str], None],
    ) -> None:
        self._proposals = Proposals(f"r{run}")
        self._authority = authority
        self._terminals = terminals
        self._holds = holds
        self._overridden: Set[str] = set()
        """Proposals that run whatever holds they touch: the customer has typed the word."""
        self._clock = clock
        self._log = log
        self._tell = tell

    # --- what engineers do --------------------------------------------------------------------

    def propose(
        self, viewer: str, person: str, terminal: str, text: str, why: str, expect: str
    ) -> None:
        """An engineer proposes. Raises NotDone."""
        if terminal not in self._terminals:
            raise NotDone.because(Refusal.NO_TERMINAL)
        if self._terminals[terminal].origin.login:
            raise NotDone.because(Refusal.LOGIN)
        # The customer may be away: it can wait for them. Whether it may run is asked again then.
        refused = self._authority.refuses(Mode.APPROVE, self._clock(), seated=True, recording=True)
        if refused is not None:
            raise NotDone.because(refused)
        one = self._proposals.propose(viewer, person, terminal, text, why, expect)
        self._log(
            "proposed", proposal=one.id, viewer=viewer, person=person, terminal=terminal,
            text=one.text, why=one.why, expect=one.expect,
        )  # fmt: skip
        unasked = None if self._touched(one.text) else self._proposals.unasked(one)
        if unasked is None:
            self._tell("ask", f"{person} proposes: {one.text}")
        else:
            how, allowance = unasked
            self._approve(one.id, allowance.by, how, one.text)

    def withdraw(self, proposal: str, person: str) -> None:
        """An engineer takes a proposal back. Raises NotDone."""
        self._proposals.withdraw(proposal, person)
        self._log("withdrawn", proposal=proposal, why=f"by {person}")

    # --- what the customer does ---------------------------------------------------------------

    def approve(
        self, proposal: str, by: str, how: str, text: str, times: int, kind: str, *, override: bool
    ) -> None:
        """The customer lets a proposal run as ``text``. Raises NotDone.

        A hold that the text touches wants ``override``: the customer was shown it and has typed
        the word.
        """
        text = self._proposals.check_approval(proposal, text, times, kind)
        one = next(one for one in self._proposals.pending if one.id == proposal)
        refused = self._refused(one, answered=True)
        if refused is not None and refused is not Refusal.BUSY:
            raise NotDone.because(refused)
        touched = self._touched(text)
        if touched and not override:
            raise NotDone("held", f"a hold is up: {touched[0].text}")
        for hold in touched:
            self._log(
                "overridden",
                hold=hold.id,
                terminal=one.terminal,
                line=text,
                persons=[one.person, by],
            )
        if touched:
            self._overridden.add(proposal)
        if times or kind:
            self._proposals.allow(one.person, by, times, kind)
            self._log("allowed", person=one.person, by=by, times=times, kind=kind)
        self._approve(proposal, by, how, text)

    def text_of(self, proposal: str) -> str:
        """The text of a pending proposal. Raises NotDone."""
        for one in self._proposals.pending:
            if one.id == proposal:
                return one.text
        self._proposals.check_approval(proposal, "", 0, "")  # says why not
        raise NotDone("unknown-proposal", "there is no such proposal")

    def refuse(self, proposal: str, by: str, word: str) -> None:
        """The customer refuses a proposal. Raises NotDone."""
        word = checked_words(word, "the word of refusal")
        self._proposals.refuse(proposal, by)
        self._log("proposal_refused", proposal=proposal, by=by, word=word)

    def clear(self, why: str) -> None:
        """Nothing waits any more and nothing runs unasked."""
        self._overridden.clear()
        for one in self._proposals.clear():
            self._log("withdrawn", proposal=one.id, why=why)

    # --- running ------------------------------------------------------------------------------

    def run_ready(self) -> None:
        """Type what is approved, where a terminal stands at an empty prompt; one line each."""
        begun = set()
        for one in self._proposals.waiting:
            if one.terminal in begun:
                continue
            begun.add(one.terminal)
            terminal = self._terminals.get(one.terminal)
            held = () if one.id in self._overridden else self._touched(one.text)
            if terminal is None or held:
                why = f"a hold was put up: {held[0].text}" if held else "the terminal was closed"
                self._proposals.withdraw(one.id, one.person)
                self._log("withdrawn", proposal=one.id, why=why)
            elif self._refused(
                one, answered=one.how in _ANSWERED
            ) is None and not terminal.lines.unready(one.text):
                self._proposals.run(one.id)
                self._log(
                    "ran", proposal=one.id, terminal=one.terminal, text=one.text,
                    person=one.person, by=one.by,
                )  # fmt: skip
                if one.id in self._overridden:
                    self._overridden.discard(one.id)
                    self._holds.let_pass(one.terminal, one.text)
                terminal.type(
                    keys_of(one.text, bracketed=terminal.lines.prompt.bracketed), one.person
                )

    def facts(self) -> Dict[str, Any]:
        """What waits and what is allowed, for ``status``."""
        return {
            "proposals": [self._told(one) for one in self._proposals.pending],
            "waiting": [{"proposal": one.id, "text": one.text} for one in self._proposals.waiting],
            "allowed": [
                {"person": one.person, "times": one.times, "kind": one.kind}
                for one in self._proposals.allowances
            ],
        }

    # --- inside -------------------------------------------------------------------------------

    def _approve(self, proposal: str, by: str, how: str, text: str) -> None:
        before = next(one.text for one in self._proposals.pending if one.id == proposal)
        one = self._proposals.approve(proposal, by, how, text)
        self._log(
            "approved", proposal=one.id, by=by, how=how, text=one.text, edited=one.text != before
        )
        self.run_ready()
        terminal = self._terminals.get(one.terminal)
        if terminal is not None and one.id in [it.id for it in self._proposals.waiting]:
            why = terminal.lines.unready(one.text) or "it is not its turn yet"
            self._tell("info", f"approved, and runs at the next empty prompt: {why}")

    def _touched(self, text: str) -> Tuple[Hold, ...]:
        return self._holds.up().touched_by(text)

    def _refused(self, one: Proposal, *, answered: bool) -> Optional[Refusal]:
        """``answered``: the customer said yes to this very line, so they are there."""
        terminal = self._terminals.get(one.terminal)
        if terminal is None:
            return Refusal.NO_TERMINAL
        seated = answered or any(it.attended for it in self._terminals.values())
        refused = self._authority.refuses(
            Mode.APPROVE, self._clock(), seated=seated, recording=terminal.cast.gap_since is None
        )
        return Refusal.BUSY if refused is None and terminal.busy else refused

    def _told(self, one: Proposal) -> Dict[str, Any]:
        terminal = self._terminals.get(one.terminal)
        why = "that terminal is closed" if terminal is None else terminal.lines.unready(one.text)
        holds: List[Dict[str, str]] = [
            {"hold": hold.id, "text": hold.text} for hold in self._touched(one.text)
        ]
        return {
            "proposal": one.id, "person": one.person, "terminal": one.terminal, "text": one.text,
            "why": one.why, "expect": one.expect, "holds": holds,
            "ready": not why, "unready": why,
        }  # fmt: skip
