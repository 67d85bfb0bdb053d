"""What engineers ask the customer for beyond what they have. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List

from broker.host.refusal import NotDone
from broker.recording.grant import Grant, Mode

TERMINAL, TIME = "terminal", "time"
WHATS = (TERMINAL, Mode.APPROVE.value, Mode.CONTROL.value, TIME)
MOST = 20


@dataclass(frozen=True)
class Asked:
    """One request that waits for an answer."""

    id: str
    viewer: str
    person: str
    what: str

    @property
    def words(self) -> str:
        """What is asked for, as people say it."""
        return {TERMINAL: "another terminal", TIME: "more time"}.get(self.what, f"mode {self.what}")


class Requests:
    """All that wait for an answer in one run of the recorder; each person asks once for a thing."""

    def __init__(self) -> None:
        self._count = 0
        self._asked: Dict[str, Asked] = {}

    @property
    def pending(self) -> List[Asked]:
        """Those that wait, oldest first."""
        return list(self._asked.values())

    def ask(self, viewer: str, person: str, what: str, grant: Grant) -> Asked:
        """Take one in. Raises NotDone where it makes no sense."""
        if what not in WHATS:
            raise NotDone("bad-request", f"ask for one of {', '.join(WHATS)}")
        if what in list(Mode) and not Mode(what).widens(grant.mode):
            raise NotDone("allowed", f"the mode is {grant.mode.value} already")
        if any(one.person == person and one.what == what for one in self._asked.values()):
            raise NotDone("asked", "you have asked for that; the customer has not answered yet")
        if len(self._asked) >= MOST:
            raise NotDone("too-many", f"{MOST} requests wait for an answer already")
        self._count += 1
        asked = Asked(f"q{self._count}", viewer, person, what)
        self._asked[asked.id] = asked
        return asked

    def answer(self, request_id: str) -> Asked:
        """Take one away. Raises NotDone where it is not there any more."""
        asked = self._asked.pop(request_id, None)
        if asked is None:
            raise NotDone("answered", "there is no such request, or it was answered")
        return asked

    def met(self, mode: Mode) -> List[Asked]:
        """Take away those that this mode answers with yes."""
        met = [
            one
            for one in self._asked.values()
            if one.what in list(Mode) and not Mode(one.what).widens(mode)
        ]
        return [self.answer(one.id) for one in met]

    def extended(self) -> List[Asked]:
        """Take away those for more time: it was given."""
        met = [one for one in self._asked.values() if one.what == TIME]
        return [self.answer(one.id) for one in met]
