"""What engineers ask for beyond what they have, from their page to the customer's answer."""

from __future__ import annotations

from typing import Any, Callable, Dict, List

from broker.host.authority import Authority
from broker.host.refusal import NotDone
from broker.host.requests import TERMINAL, TIME, Asked, Requests
from broker.host.terminals import Terminals
from broker.host.viewers import Viewer
from broker.recording.grant import Mode


class Requesting:
    """The requests of one run of the recorder; ``open_terminal`` opens one more."""

    def __init__(
        self,
        authority: Authority,
        terminals: Terminals,
        clock: Callable[[], float],
        log: Callable[..., None],
        tell: Callable[[str, str], None],
        open_terminal: Callable[[], None],
    ) -> None:
        self._requests = Requests()
        self._authority = authority
        self._terminals = terminals
        self._clock = clock
        self._log = log
        self._tell = tell
        self._open_terminal = open_terminal

    def ask(self, viewer: Viewer, what: str) -> None:
        """An engineer asks. Raises NotDone."""
        needs = Mode.APPROVE if what == TERMINAL else Mode.WATCH
        refused = self._authority.refuses(needs, self._clock(), seated=True, recording=True)
        if refused is not None and what != TIME:
            raise NotDone.because(refused)
        asked = self._requests.ask(viewer.id, viewer.person, what, self._authority.grant)
        self._log("requested", viewer=viewer.id, person=viewer.person, what=what)
        if what == TERMINAL and self._terminals.expected < self._authority.grant.terminals:
            self.answer(asked.id, "the grant", yes=True)
        else:
            self._tell("ask", f"{viewer.person} asks for {asked.words}")

    def answer(self, request: str, by: str, *, yes: bool) -> None:
        """The customer answers. Raises NotDone."""
        asked = next((one for one in self._requests.pending if one.id == request), None)
        if asked is not None and yes and asked.what != TERMINAL:
            raise NotDone("other-way", f"{asked.words}: give it with `mode` or `extend`")
        asked = self._requests.answer(request)
        self._answered([asked], by, "yes" if yes else "no")
        if yes:
            self._open_terminal()

    def met_by_mode(self, mode: Mode, by: str) -> None:
        """The mode is this now."""
        self._answered(self._requests.met(mode), by, "yes")

    def met_by_time(self, by: str) -> None:
        """The grant lasts longer now."""
        self._answered(self._requests.extended(), by, "yes")

    def facts(self) -> List[Dict[str, Any]]:
        """What waits for an answer, for ``status``."""
        return [
            {"request": one.id, "person": one.person, "what": one.what}
            for one in self._requests.pending
        ]

    def _answered(self, requests: List[Asked], by: str, answer: str) -> None:
        for one in requests:
            self._log("request_answered", what=one.what, person=one.person, by=by, answer=answer)
