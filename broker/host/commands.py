"""What the customer wants done: each command of ``do``, and the consent that some of them take.

Whatever takes from the engineers is done at once. Whatever gives them more is not taken from a
process inside one of the session's terminals, where an engineer may have typed it; ``mode`` and
``extend`` are put before whoever has the seat, in words that must be typed.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Callable, Coroutine, Dict, List, Optional, Protocol, Type, TypeVar

from broker.host.authority import Authority
from broker.host.away_cut import cut
from broker.host.changes import Changes
from broker.host.clients import Client
from broker.host.consent import shown_again
from broker.host.hold_keeper import HoldKeeper
from broker.host.proposing import Proposing
from broker.host.refusal import NotDone
from broker.host.requesting import Requesting
from broker.host.session_file import SessionFile
from broker.host.tasks import spawn
from broker.host.widening import WORDS, consented, widening
from broker.recording.grant import Grant, IllegalChange, Mode
from broker.recording.timeline import duration
from broker.wire.errors import RemoteProtocolError
from broker.wire.messages import Consent, Done, Error, Notice

_GIVE = frozenset({"give_back", "approve", "lift"})
"""These give engineers more, and take no consent that could be asked for elsewhere."""
_INSIDE = "not from inside the session: press the key, or use another shell of yours"
_MOST_ASKED = 16
_MOST_AWAY_BYTES = 32 * 1024
"""Of an answer, which holds the session's facts beside the reports."""
_MOST_SECONDS = 24 * 3600.0

T = TypeVar("T")
_Slow = Coroutine[Any, Any, Optional[Dict[str, Any]]]
"""What takes a while; it may have more to tell than the session's facts."""


class Session(Protocol):
    """What commands act upon beside the grant: the recorder."""

    def status(self) -> Dict[str, Any]:
        """The session's facts."""

    @property
    def at_seat(self) -> Optional[Client]:
        """Who is at a terminal."""

    @property
    def watching(self) -> List[str]:
        """Who watches."""

    def note(self, text: str, by: str) -> None:
        """Write down what the customer says of what happened. Raises NotDone."""

    async def away(self) -> Dict[str, Any]:
        """The away reports so far, as the API gives them. Raises OSError."""

    async def disconnect(self) -> None:
        """Cut the link."""

    async def reconnect(self) -> None:
        """Let the link be made."""

    async def end(self, by: str, why: str) -> None:
        """End the session."""

    def failed(self, error: BaseException) -> None:
        """Something broke that should not."""


@dataclass
class _Asked:
    """A consent that was asked for and not given yet."""

    client: Client
    """Who wanted what takes it."""
    asked: Client
    """Who is to type the words."""
    text: str
    do: Callable[[str, Dict[str, str]], None]
    """Given who agreed, and what the log is to say of it."""


class Commands:
    """The commands of one recorder."""

    def __init__(
        self,
        file: SessionFile,
        authority: Authority,
        changes: Changes,
        proposing: Proposing,
        requesting: Requesting,
        holds: HoldKeeper,
        clock: Callable[[], float],
        session: Session,
    ) -> None:
        self._banner = shown_again(file.banner)
        self._most_seconds = file.max_seconds
        self._offline = file.offline
        self._authority = authority
        self._changes = changes
        self._proposing = proposing
        self._requesting = requesting
        self._holds = holds
        self._clock = clock
        self._session = session
        self._asked: Dict[int, _Asked] = {}
        self._asked_so_far = 0
        self._commands: Dict[str, Callable[[Client, Dict[str, Any]], None]] = {
            "status": lambda client, args: None,
            "take_back": self._take_back,
            "give_back": lambda client, args: changes.make("given_back", by=client.by),
            "revoke": lambda client, args: changes.make("revoked", by=client.by),
            "approve": self._approve,
            "refuse": self._refuse,
            "answer": self._answer,
            "note": self._note,
            "override": lambda client, args: holds.override(
                _field(args, "terminal", str), _field(args, "line", str)
            ),
        }
        self._slow: Dict[str, Callable[[Client, Dict[str, Any]], _Slow]] = {
            "disconnect": lambda client, args: session.disconnect(),
            "reconnect": lambda client, args: session.reconnect(),
            "end": lambda client, args: session.end("customer", "jumpseat end"),
            "hold": self._hold,
            "lift": self._lift,
            "away": lambda client, args: self._away(),
        }

    def do(self, client: Client, command: str, args: Dict[str, Any]) -> None:
        """Carry out a command and answer it: Done, or Error with what is wrong."""
        try:
            if command in _GIVE and client.inside:
                raise NotDone(
                    "inside", "not from inside the session: press the key, or use another shell"
                )
            if command in self._slow:
                work = self._slow[command](client, args)
                spawn(self._do_slowly(client, work), self._session.failed)
            elif command == "mode":
                self._mode(client, args)
            elif command == "extend":
                self._extend(client, args)
            elif command == "check":
                line, terminal = _field(args, "line", str), _field(args, "terminal", str)
                stopped = self._holds.stop(terminal, line)
                self._done(client, stopped=stopped)
            elif command in self._commands:
                self._commands[command](client, args)
                self._done(client)
            else:
                raise RemoteProtocolError("unknown-command", "not a command of a session")
        except (NotDone, RemoteProtocolError) as why:
            client.link.send(Error(why.code, why.message))
        except IllegalChange as why:
            client.link.send(Error("illegal", f"not possible: {why}"))

    def consented(self, client: Client, n: int, answer: str) -> None:
        """Take in the answer to a ``Consent``. One that was not asked for changes nothing."""
        asked = self._asked.get(n)
        if asked is None or asked.asked is not client:
            client.link.send(Error("not-asked", "nothing was asked"))
            return
        del self._asked[n]
        if answer.strip() != WORDS:
            asked.client.link.send(Error("declined", f'not done: only "{WORDS}" does it'))
            return
        try:
            asked.do(client.by, consented(asked.text, answer))
            self._done(asked.client)
        except IllegalChange as why:
            asked.client.link.send(Error("illegal", f"not possible any more: {why}"))

    def client_gone(self, client: Client) -> None:
        """What it wanted, or was asked, is settled by that."""
        for n, asked in list(self._asked.items()):
            if client in (asked.client, asked.asked):
                del self._asked[n]
                if client is not asked.client:
                    asked.client.link.send(Error("declined", "the terminal that was asked is gone"))

    def _done(self, client: Client, **more: object) -> None:
        status = {**self._session.status(), **more}
        if client.recorded:
            status["page"] = ""  # what is printed inside is recorded, and engineers see it
        client.link.send(Done(status))

    async def _do_slowly(self, client: Client, work: _Slow) -> None:
        try:
            more = await work
            self._done(client, **(more or {}))
        except (NotDone, RemoteProtocolError) as why:
            client.link.send(Error(why.code, why.message))

    # --- the grant ----------------------------------------------------------------------------

    def _take_back(self, client: Client, args: Dict[str, Any]) -> None:
        taken = not self._authority.live
        if taken and args.get("toggle") is True and not client.inside:
            self._changes.make("given_back", by=client.by)
        elif not taken:
            self._changes.make("taken_back", by=client.by)

    def _mode(self, client: Client, args: Dict[str, Any]) -> None:
        try:
            mode = Mode(_field(args, "mode", str))
        except ValueError:
            raise NotDone("bad-mode", f"mode: one of {', '.join(Mode)}") from None
        if self._offline:
            raise NotDone("offline", "nobody joins an offline session: there is no mode to change")
        grant = self._authority.grant
        if mode is grant.mode:
            self._done(client)
            return
        after = grant.after({"event": "mode_changed", "mode": mode.value})

        def change(by: str, agreed: Dict[str, str]) -> None:
            before = self._authority.grant.mode
            self._changes.make(
                "mode_changed", mode=mode.value, before=before.value, by=by, **agreed
            )

        if mode.widens(grant.mode):
            self._ask(client, f"mode {mode.value}", after, change)
        else:
            change(client.by, {})
            self._done(client)

    def _extend(self, client: Client, args: Dict[str, Any]) -> None:
        seconds = _field(args, "seconds", float)
        t = self._clock()
        until = max(self._authority.grant.until, t) + seconds
        if not 1 <= seconds <= _MOST_SECONDS:
            raise NotDone("bad-time", "longer by at least a second, and at most a day")
        most = self._most_seconds
        if until - t > most:
            raise NotDone("too-long", f"at most {duration(most)} from now can be granted")
        after = self._authority.grant.after({"event": "extended", "until": until})

        def change(by: str, agreed: Dict[str, str]) -> None:
            self._changes.make("extended", until=until, by=by, **agreed)

        self._ask(client, f"{duration(seconds)} more", after, change)

    def _ask(
        self,
        client: Client,
        what: str,
        after: Grant,
        do: Callable[[str, Dict[str, str]], None],
    ) -> None:
        """Have the words typed, where no engineer could type them, before something is done."""
        if len(self._asked) >= _MOST_ASKED:
            raise NotDone("too-many", "other questions wait for an answer")
        asked = client
        if client.inside:
            seat = self._session.at_seat
            if seat is None:
                raise NotDone("inside", "not from inside the session while nobody has the seat")
            asked = seat
            client.link.send(Notice("ask", "asked at the terminal that has the seat"))
        text = widening(
            after,
            what=what,
            asker=f"{client.by}, inside the session," if client.inside else client.by,
            people=self._session.watching,
            left=after.until - self._clock(),
            banner=self._banner,
        )
        self._asked_so_far += 1
        self._asked[self._asked_so_far] = _Asked(client, asked, text, do)
        asked.link.send(Consent(self._asked_so_far, text, WORDS))

    # --- what engineers want ------------------------------------------------------------------

    def _approve(self, client: Client, args: Dict[str, Any]) -> None:
        proposal = _field(args, "proposal", str)
        text = args.get("text")
        self._proposing.approve(
            proposal,
            client.by,
            "asked",
            self._proposing.text_of(proposal) if text is None else _field(args, "text", str),
            _field({"times": 0, **args}, "times", int),
            _field({"kind": "", **args}, "kind", str),
            override=args.get("override") is True,
        )

    def _refuse(self, client: Client, args: Dict[str, Any]) -> None:
        self._proposing.refuse(_field(args, "proposal", str), client.by, _field(args, "word", str))

    def _answer(self, client: Client, args: Dict[str, Any]) -> None:
        yes = _field(args, "yes", bool)
        if yes and client.inside:
            raise NotDone(
                "inside", "not from inside the session: press the key, or use another shell"
            )
        self._requesting.answer(_field(args, "request", str), client.by, yes=yes)

    # --- absences -----------------------------------------------------------------------------

    def _note(self, client: Client, args: Dict[str, Any]) -> None:
        by = f"{client.by} (inside the session)" if client.inside else client.by
        self._session.note(_field(args, "text", str), by)

    async def _away(self) -> Dict[str, Any]:
        try:
            told = await self._session.away()
        except OSError as error:
            raise NotDone("no-report", f"the records can't be read: {error.strerror}") from None
        loop = asyncio.get_running_loop()
        return {"away": await loop.run_in_executor(None, cut, told, _MOST_AWAY_BYTES)}

    # --- holds --------------------------------------------------------------------------------

    async def _hold(self, client: Client, args: Dict[str, Any]) -> None:
        patterns = args.get("patterns")
        if not isinstance(patterns, list) or not all(isinstance(one, str) for one in patterns):
            raise RemoteProtocolError("malformed", "patterns: a list of texts")
        await self._holds.put(_field(args, "text", str), patterns, client.by, "customer")

    async def _lift(self, client: Client, args: Dict[str, Any]) -> None:
        await self._holds.lift(_field(args, "hold", str), client.by, "customer")


def _field(args: Dict[str, Any], name: str, kind: Type[T]) -> T:
    value = args.get(name)
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise RemoteProtocolError("malformed", f"the command wants {name}")
    return value
