"""What people are told of a session wherever they are: who left, came back, waits. Pure.

Told is what happens while the broker watches: not a log that is read again, nor what comes late,
but for drift and the session's end, which nobody could know of before. Each thing is told once;
a link that is back within ``LINK_SECONDS``, or a proposal that runs unasked, is not told at all.
"""

from dataclasses import dataclass
from typing import Any

from broker.recording import drift
from broker.recording.absences import Part
from broker.recording.presence import Shown, State
from broker.recording.session_log import Entry
from broker.server.wants import fit_to_print
from broker.wire.patience import Patience

KINDS = ("left", "returned", "approval", "drift", "ending")

LINK_SECONDS = 10.0
"""A lost link is told when it has lasted so long; a shorter one was a blip."""
RESTART_SECONDS = 60.0
"""And after the broker's own start only so much later: hosts need a while to come back."""
STALE_SECONDS = 60.0
"""What happened longer ago by the broker's clock is no news."""

_SEAT_SECONDS = 2.0  # a terminal that is taken up elsewhere is left for a moment
_SETTLE_SECONDS = 30.0  # for the host to bring what it wrote while the link was gone
_GATHER_SECONDS = 2.0  # for answers, and for drift that comes in several entries
_MOST_AT_ONCE, _PER_SECOND = 20, 1 / 30
_MOST_ASKED = 50
_MOST_CHANGES = 2000
_NAMED_CHANGES = 3
_LONGEST_NAME, _LONGEST_CHANGE = 80, 120

_LINK = (State.LINK_LOST.value, State.DISCONNECTED.value, State.RECORDER_LOST.value)
_HERE = (State.EMPTY.value, State.AT_KEYBOARD.value, State.IDLE.value)
_AWAY = State.AWAY.value
_PATIENCE = {
    _AWAY: _SEAT_SECONDS,
    State.LINK_LOST.value: LINK_SECONDS,
    State.DISCONNECTED.value: 0.0,
    State.RECORDER_LOST.value: _SEAT_SECONDS,
}
_LEFT = {
    _AWAY: "the customer left the terminal; the host goes on recording",
    State.DISCONNECTED.value: "the customer disconnected; the host goes on recording",
    State.RECORDER_LOST.value: "the recorder on the host was stopped",
}
_REQUESTS = {
    "terminal": "one more terminal",
    "approve": "mode approve",
    "control": "mode control",
    "time": "more time",
}
_ANSWERS = ("approved", "proposal_refused", "withdrawn")
_ENDINGS = {
    "expired": "the grant has expired",
    "revoked": "the customer revoked the grant",
}


@dataclass(frozen=True, slots=True)
class News:
    """One thing to tell. ``text`` is one plain line; ``at`` is Unix time."""

    session: str
    host: str
    case: str
    kind: str
    text: str
    at: float


@dataclass(frozen=True, slots=True)
class Told:
    """An absence that lasts and that people were told of: as which state, and since when."""

    state: str
    since: float


class SessionNews:
    """What of one session is news. Feed it, then ``collect``; and again at ``due``.

    Times are Unix seconds by the broker's clock. ``told`` is what an earlier broker has told;
    ``restarted`` that the session was taken over from one just now.
    """

    def __init__(
        self,
        session: str,
        host: str,
        case: str,
        *,
        shown: Shown,
        told: Told | None,
        restarted: float = 0.0,
    ) -> None:
        self.told = told
        self._about = (
            session,
            fit_to_print(host, _LONGEST_NAME),
            fit_to_print(case, _LONGEST_NAME),
        )
        self._state, self._since = shown.state, shown.since
        self._no_loss_before = restarted + RESTART_SECONDS
        self._settled_by: float | None = None
        self._causes: list[str] = []
        self._asked: dict[tuple[str, ...], tuple[float, str]] = {}
        self._drifts: list[list[drift.Change]] = []
        self._more = 0
        self._drift_by: float | None = None
        self._between_sessions = False
        self._patience = Patience(_MOST_AT_ONCE, _PER_SECOND)
        self._latest = 0.0
        self._ready: list[News] = []

    def see(self, shown: Shown, now: float) -> None:
        """The customer's presence, as people are shown it now."""
        before, self._state = self._state, shown.state
        if shown.state == before:
            return
        # Since when a seat is empty, the host's clock says, which may be wrong by hours.
        self._since = shown.since if shown.state in _LINK else now
        if shown.state in _LINK:
            self._settled_by = None
        elif before in _LINK:
            # The log says only now what happened meanwhile, and why the link was gone.
            self._settled_by = now + _SETTLE_SECONDS

    def read(self, entry: Entry, at: float, now: float) -> None:
        """One more entry of the session log, which was written at ``at``.

        Raises KeyError, TypeError and ValueError for fields that make no sense.
        """
        event = entry["event"]
        if event == "drift":
            self._gather(entry, now)
        elif event == "ended":
            self.told, self._settled_by = None, None
            self._asked.clear()
            customer = entry["by"] == "customer"
            said = "the customer ended the session" if customer else "the session has ended"
            self._say("ending", said, at, now)
        elif now - at > STALE_SECONDS:
            return
        elif event == "link_up":
            self._settled_by = None
            if entry["cause"]:
                self._causes.append(fit_to_print(str(entry["cause"]), _LONGEST_NAME))
        elif event == "proposed":
            said = f"a line that {entry['person']} proposes waits for the customer"
            self._ask(("proposal", str(entry["proposal"])), said, now)
        elif event in _ANSWERS:
            self._asked.pop(("proposal", str(entry["proposal"])), None)
        elif event == "requested":
            person, what = str(entry["person"]), str(entry["what"])
            said = f"{person} asks the customer for {_REQUESTS.get(what, what)}"
            self._ask(("request", person, what), said, now)
        elif event == "request_answered":
            self._asked.pop(("request", str(entry["person"]), str(entry["what"])), None)
        elif event == "expires_soon":
            self._say("ending", f"the grant ends in {_span(float(entry['seconds']))}", at, now)
        elif event in _ENDINGS:
            self._say("ending", _ENDINGS[event], at, now)

    @property
    def due(self) -> float | None:
        """When to ``collect`` next if nothing comes before; None: not at all."""
        times = [asked_at for asked_at, _ in self._asked.values()]
        if self._drift_by is not None:
            times.append(self._drift_by)
        if self._settled_by is not None:
            times.append(self._settled_by)
        elif self.told is None and self._state in _PATIENCE:
            times.append(self._told_by())
        return min(times, default=None)

    def collect(self, now: float) -> list[News]:
        """What is to be told by now, in order; each once."""
        self._tell_presence(now)
        for key in [key for key, (asked_at, _) in self._asked.items() if asked_at <= now]:
            self._say("approval", self._asked.pop(key)[1], now, now)
        if self._drift_by is not None and self._drift_by <= now:
            self._tell_drift(now)
        ready, self._ready = self._ready, []
        return ready

    # --- presence -----------------------------------------------------------------------------

    def _told_by(self) -> float:
        since = self._since + _PATIENCE[self._state]
        if self._state == State.LINK_LOST.value:
            return max(since, self._no_loss_before)
        return since

    def _tell_presence(self, now: float) -> None:
        state = self._state
        if self._settled_by is not None:
            if now < self._settled_by:
                return
            self._settled_by = None
        if self.told is None:
            if state in _PATIENCE and now >= self._told_by():
                self._tell_left(now)
        elif state in _HERE:
            beside = "; nobody is at a terminal yet" if state == State.EMPTY.value else ""
            self._tell_returned(self.told, beside, now)
            self.told = None
        elif state == _AWAY and self.told.state in _LINK:
            self._tell_returned(self.told, "; the customer is away", now)
            self.told = Told(_AWAY, self.told.since)

    def _tell_left(self, now: float) -> None:
        state, since = self._state, self._since
        lost = (
            f"link lost {_span(now - since)} ago, cause not known yet; the host goes on recording"
        )
        self.told = Told(state, since)
        self._causes = []
        self._say("left", _LEFT.get(state, lost), since, now)

    def _tell_returned(self, told: Told, beside: str, now: float) -> None:
        causes = [Part(_AWAY, told.since).says] if told.state == _AWAY else []
        causes += [Part(State.LINK_LOST.value, told.since, None, one).says for one in self._causes]
        why = ", ".join(dict.fromkeys(causes)) or "cause not known"
        self._say("returned", f"back after {_span(now - told.since)}: {why}{beside}", now, now)

    # --- what waits, and drift ----------------------------------------------------------------

    def _ask(self, key: tuple[str, ...], said: str, now: float) -> None:
        if len(self._asked) < _MOST_ASKED:
            self._asked.setdefault(key, (now + _GATHER_SECONDS, said))

    def _gather(self, entry: Entry, now: float) -> None:
        changes, more = _changes(entry["changes"]), max(0, int(entry["more"]))
        room = _MOST_CHANGES - sum(map(len, self._drifts))
        self._drifts.append(changes[:room])
        self._more += more + len(changes[room:])
        if self._drift_by is None:
            self._drift_by = now + _GATHER_SECONDS
            self._between_sessions = entry["before"] == 0

    def _tell_drift(self, now: float) -> None:
        changes = drift.compose(self._drifts)
        count = len(changes) + self._more
        ordered = [change for _, group in drift.by_area(changes) for change in group]
        said = [fit_to_print(drift.says(one), _LONGEST_CHANGE) for one in ordered[:_NAMED_CHANGES]]
        if count > len(said):
            said.append(f"{count - len(said)} more")
        self._drifts, self._more, self._drift_by = [], 0, None
        if count:
            found = "1 change" if count == 1 else f"{count} changes"
            where = " since the last session" if self._between_sessions else ""
            self._say("drift", f"{found} on the host{where}: {'; '.join(said)}", now, now)

    def _say(self, kind: str, said: str, at: float, now: float) -> None:
        self._latest = max(self._latest, now)  # the bucket's clock must not go back
        if self._patience.spend(self._latest):
            session, host, case = self._about
            said = fit_to_print(said, 2 * _LONGEST_NAME + (_NAMED_CHANGES + 1) * _LONGEST_CHANGE)
            text = f"{host}, case {case}: {said}"
            at = min(max(at, 0.0), now)  # a host may say anything
            self._ready.append(News(session, host, case, kind, text, at))


def _changes(value: Any) -> list[drift.Change]:  # noqa: ANN401 - what a host's log holds
    changes = []
    for one in value:
        try:
            changes.append(drift.from_json(one))
        except (TypeError, ValueError):
            continue
    return changes


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{max(0, round(seconds))} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    if seconds < 48 * 3600:
        return f"{round(seconds / 3600)} h"
    return f"{round(seconds / 86400)} days"
