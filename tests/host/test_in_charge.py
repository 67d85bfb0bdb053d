"""No sequence of messages, clock steps and crashes lets a byte through that the terms forbid.

Everything between the broker's messages and a real PTY is the recorder's own; only the shell is
missing at the PTY's other end, where this test reads what arrived. Beside it runs a model of what
the customer has allowed, told in a few plain lines.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import os
import re
import tempfile
import tty
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from broker.host.authority import Authority
from broker.host.changes import Changes
from broker.host.clients import Client
from broker.host.commands import Commands
from broker.host.engineers import Engineers
from broker.host.hold_keeper import HoldKeeper
from broker.host.local import LocalLink
from broker.host.masks import DEFAULTS
from broker.host.page import CustomerPage
from broker.host.page_link import PageKey
from broker.host.proposing import Proposing
from broker.host.recorded import RecordedTerminal
from broker.host.refusal import NotDone
from broker.host.requesting import Requesting
from broker.host.session_file import SessionFile
from broker.host.spool import Spool
from broker.host.terminals import Terminals
from broker.recording import session_log
from broker.recording.grant import Away, Mode
from broker.wire.errors import RemoteProtocolError
from broker.wire.messages import Act, Consent, Error, Input, Joined, Message, Propose

KEY = PageKey(b"k" * 32)
PROMPT = b"\x1b[?2004h$ "
TOKEN = re.compile(rb"<([A-Z])(\d+)>")


class Link(LocalLink):
    """A client's connection that keeps what it is sent."""

    def __init__(self) -> None:
        super().__init__(lambda *_: None, lambda *_: None)
        self.sent: list[Message] = []

    def send(self, message: Message) -> None:
        self.sent.append(message)


@dataclass
class Model:
    """What the customer has allowed."""

    mode: Mode
    until: float
    away: Away
    frozen: bool = False
    over: bool = False
    page: bool = False


class Machine(RuleBasedStateMachine):
    """One session, over as many runs as it takes."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory(prefix="charge-")
        self.now = 0.0
        self.entries: list[session_log.Entry] = []
        self.count = 0
        self.run_number = 0
        self.approved: dict[int, str] = {}
        """Number of each approved line, and how it was approved."""
        self.n = 0
        self.prompting = True
        self.replayed: list[Act] = []

    # --- the session ------------------------------------------------------------------------

    @initialize(
        mode=st.sampled_from([Mode.CONTROL, Mode.APPROVE, Mode.WATCH]),
        away=st.sampled_from([Away.PAUSE, Away.CONTINUE]),
        page=st.sampled_from(["watch", "approve"]),
        until=st.sampled_from([1000.0, 30.0]),
    )
    def grant(self, mode: Mode, away: Away, page: str, until: float) -> None:
        self.model = Model(mode, until, away, page=page == "approve")
        self.file = SessionFile(  # noqa: S604 - shell is a field
            id="s1", broker="http://127.0.0.1:1", token="t", case="c", engineer="alice",
            began_wall=0.0, began_boottime=0.0, began_boot="", mode=mode.value, away=away.value,
            until=until, terms="t", answer="I agree", uid=0, gid=0, user="bob", home="/",
            shell="/bin/sh", env={}, cwd="/", login=False, page=page, page_key=KEY.text,
        )  # fmt: skip
        self.on_loop(self.begin())

    def on_loop(self, work: Coroutine[Any, Any, None]) -> None:
        self.loop.run_until_complete(work)

    def act(self, work: Callable[[], None]) -> None:
        """Do something of the recorder's, on its loop, and see what arrived at the terminal."""

        async def on_loop() -> None:
            work()
            await asyncio.sleep(0)

        self.on_loop(on_loop())
        self.look()

    def log(self, event: str, **fields: object) -> None:
        line = session_log.encode(self.now, event, **fields)
        self.entries.append(session_log.decode(line.decode()))

    async def begin(self) -> None:
        """A run of the recorder, which knows what the logs of earlier ones say."""
        self.run_number += 1
        clock = lambda: self.now  # noqa: E731
        folder = Path(self.folder.name) / f"run-{self.run_number}"
        folder.mkdir()
        self.spool = Spool(folder)
        self.terminals = Terminals(
            self.run_number, self.spool, clock, self.file.plan, 0.0, DEFAULTS
        )
        stream = self.spool.create(f"run-{self.run_number}.terminal-1.cast")
        self.terminal = RecordedTerminal(stream, clock, (80, 24), self)
        self.terminals[self.terminal.name] = self.terminal
        tty.setraw(self.terminal._pty._slave)
        os.set_blocking(self.terminal._pty._slave, False)
        self.terminal.lines.prompt.printed(PROMPT)
        self.prompting = True
        self.seat: LocalLink | None = Link()
        self.terminal.seat = self.seat
        self.authority = Authority(self.file.grant, list(self.entries), self.log)
        holds = HoldKeeper(
            Path(self.folder.name), folder / "patterns", self.terminals, clock, self.log, self.tell
        )
        self.proposing = Proposing(
            self.run_number, self.authority, self.terminals, holds, clock, self.log, self.tell
        )
        requesting = Requesting(
            self.authority, self.terminals, clock, self.log, self.tell, lambda: None
        )
        self.changes = Changes(
            self.authority, self.proposing, requesting, self.terminals, self.tell, lambda: None,
            lambda: None,
        )  # fmt: skip
        page = CustomerPage(
            self.file,
            self.run_number,
            self.authority,
            self.changes,
            self.proposing,
            lambda why: None,
            lambda text, by: None,
        )
        self.engineers = Engineers(
            self.authority, self.terminals, self.proposing, requesting, holds, page, clock, self
        )
        self.commands = Commands(
            self.file, self.authority, self.changes, self.proposing, requesting, holds, clock, self
        )
        self.customer = Client(Link(), "bob", inside=False, recorded=False)
        self.intruder = Client(Link(), "bob", inside=True, recorded=True)
        for viewer, person in (("v1", "alice"), ("v2", "carol")):
            self.engineers.take(Joined(viewer, person))

    # What the recorder's parts want of it.
    def tell(self, kind: str, text: str) -> None: ...
    def tell_who(self) -> None: ...
    def turned(self, terminal: RecordedTerminal) -> None: ...
    def new_command(self) -> str:
        raise AssertionError("no shell runs here")

    def grown(self) -> None: ...
    def not_recorded(self, cause: str) -> None: ...
    def at_prompt(self) -> None: ...
    def decline(self, viewer: str, why: NotDone) -> None: ...
    def closed(self, terminal: RecordedTerminal, status: int, seat: LocalLink | None) -> None: ...
    async def disconnect(self) -> None: ...
    async def reconnect(self) -> None: ...
    async def end(self, by: str, why: str) -> None: ...
    def note(self, text: str, by: str) -> None: ...
    async def away(self) -> dict[str, Any]:
        return {}

    def status(self) -> dict[str, Any]:
        return {}

    def failed(self, error: BaseException) -> None:
        raise error

    @property
    def at_seat(self) -> Client | None:
        return None

    @property
    def watching(self) -> list[str]:
        return []

    # --- what arrives -----------------------------------------------------------------------

    def look(self) -> None:
        """Whatever reached the terminal was allowed at this moment."""
        while True:
            try:
                data = os.read(self.terminal._pty._slave, 65536)
            except BlockingIOError:
                return
            self.check(data)
            if b"\r" in data and self.prompting:  # as a shell would
                self.terminal.lines.prompt.printed(b"\x1b[?2004l\r\n" + PROMPT)
                self.proposing.run_ready()

    def check(self, data: bytes) -> None:
        model = self.model
        live = not (model.frozen or model.over) and self.now < model.until
        for kind, number in TOKEN.findall(data):
            if kind == b"E":
                there = self.seat is not None or model.away is Away.CONTINUE
                may = live and model.mode is Mode.CONTROL and there
                assert may, "a key that was forbidden"
            elif kind == b"L":
                may = live and model.mode is not Mode.WATCH
                assert may, "a line that was forbidden"
                how = self.approved.pop(int(number), None)
                assert how is not None, "a line that nobody approved, or twice"
                if how == "unasked":
                    assert self.seat is not None or model.away is Away.CONTINUE

    @property
    def live(self) -> bool:
        model = self.model
        return not (model.frozen or model.over) and self.now < model.until

    # --- engineers, and a broker that lies --------------------------------------------------

    def from_broker(self, message: Message) -> None:
        def take() -> None:
            with contextlib.suppress(RemoteProtocolError):
                self.engineers.take(message)

        self.act(take)

    def token(self, kind: str) -> str:
        self.count += 1
        return f"<{kind}{self.count}>"

    @rule(later=st.booleans())
    def types(self, *, later: bool) -> None:
        self.now += 3.0 * later  # when it is nobody's turn
        self.from_broker(Input(self.terminal.name, "v1", f"{self.token('E')}\r".encode()))

    @rule(by=st.sampled_from(["v2", "v9", ""]), run=st.sampled_from([1, 2, 9]))
    def somebody_types_somewhere(self, by: str, run: int) -> None:
        name = f"run-{run}.terminal-1.cast"
        self.from_broker(Input(name, by, f"{self.token('E')}\r".encode()))

    @rule(by=st.sampled_from(["v1", "v2", "v9"]))
    def proposes(self, by: str) -> None:
        allowed = self.proposing.facts()["allowed"]
        text = self.token("L")
        number = self.count
        person = {"v1": "alice", "v2": "carol"}.get(by)
        if any(one["person"] == person for one in allowed):
            self.approved[number] = "unasked"
        self.from_broker(Propose(by, self.terminal.name, text, "", ""))

    @rule(forge=st.sampled_from(["mac", "key", "n", "run", "digest", "replay"]))
    def forges_an_act(self, forge: str) -> None:
        pending = self.proposing.facts()["proposals"]
        if not pending:
            return
        if forge == "replay":
            if self.replayed:
                self.from_broker(self.replayed[-1])
            return
        self.from_broker(self.made(pending[0], forge=forge))

    def made(self, proposal: dict[str, Any], *, forge: str = "") -> Act:
        self.n += 1
        action = json.dumps({
            "session": "s1", "run": self.run_number + (forge == "run"),
            "n": -1 if forge == "n" else self.n, "do": "approve",
            "proposal": proposal["proposal"], "word": "",
            "text_sha256": hashlib.sha256(
                (proposal["text"] + "x" * (forge == "digest")).encode()
            ).hexdigest(),
        })  # fmt: skip
        key = b"x" * 32 if forge == "key" else KEY.act_key
        mac = hmac.new(key, action.encode(), hashlib.sha256).hexdigest()
        return Act(action, "0" * 64 if forge == "mac" else mac)

    # --- the customer -----------------------------------------------------------------------

    def do(self, command: str, client: Client | None = None, **args: object) -> Message:
        """Have a command done; what it is answered."""
        asked = client or self.customer
        link = asked.link
        assert isinstance(link, Link)
        link.sent.clear()
        self.act(lambda: self.commands.do(asked, command, args))
        return link.sent[-1]

    @rule()
    def approves(self) -> None:
        for one in self.proposing.facts()["proposals"][:1]:
            number = int(one["text"][2:-1])
            self.approved[number] = "asked"
            if isinstance(self.do("approve", proposal=one["proposal"]), Error):
                self.approved.pop(number, None)

    @rule()
    def approves_on_the_page(self) -> None:
        for one in self.proposing.facts()["proposals"][:1]:
            if self.model.page:
                self.approved[int(one["text"][2:-1])] = "page"
            act = self.made(one)
            self.replayed.append(act)
            self.from_broker(act)

    @rule()
    def lets_the_next_two_run(self) -> None:
        for one in self.proposing.facts()["proposals"][:1]:
            number = int(one["text"][2:-1])
            self.approved[number] = "asked"
            if isinstance(self.do("approve", proposal=one["proposal"], times=2), Error):
                self.approved.pop(number, None)

    @rule()
    def takes_back_or_gives_back(self) -> None:
        # As the customer means it: what they see decides which of the two it is.
        if self.live:
            self.model.frozen = True
        elif self.model.frozen and not self.model.over and self.now < self.model.until:
            self.model.frozen = False
        self.do("take_back", toggle=True)

    @rule(mode=st.sampled_from(Mode), words=st.sampled_from(["I agree", "yes", ""]))
    def changes_the_mode(self, mode: Mode, words: str) -> None:
        model = self.model
        if not mode.widens(model.mode):
            model.mode = mode if not self.revoked else model.mode
            self.do("mode", mode=mode.value)
            return
        asked = self.do("mode", mode=mode.value)
        if isinstance(asked, Consent):
            assert asked.n > 0
            if words == "I agree":
                model.mode = mode
            self.act(lambda: self.commands.consented(self.customer, asked.n, words))

    @rule(mode=st.sampled_from([Mode.CONTROL, Mode.APPROVE]), seated=st.booleans())
    def is_generous(self, mode: Mode, *, seated: bool) -> None:
        """So that there is often something that may be forbidden next."""
        if self.model.frozen and not self.model.over and self.now < self.model.until:
            self.takes_back_or_gives_back()
        if self.model.until - self.now < 20.0 and not self.model.over:
            self.extends("I agree")
        self.changes_the_mode(mode, "I agree")
        if bool(self.seat) != seated:
            self.leaves_or_takes_the_seat()
        self.types(later=True)
        self.proposes("v1")

    @rule(words=st.sampled_from(["I agree", "no"]))
    def extends(self, words: str) -> None:
        asked = self.do("extend", seconds=50.0)
        if isinstance(asked, Consent) and words == "I agree":
            self.model.until = max(self.model.until, self.now) + 50.0
            if self.expired_in_log:
                self.model.over = self.model.frozen = False
        if isinstance(asked, Consent):
            self.act(lambda: self.commands.consented(self.customer, asked.n, words))

    @precondition(lambda self: self.count > 40)
    @rule()
    def revokes(self) -> None:
        self.model.over = True
        self.do("revoke")

    @rule()
    def leaves_or_takes_the_seat(self) -> None:
        self.seat = self.terminal.seat = None if self.seat else Link()

    @rule(command=st.sampled_from(["give_back", "approve", "mode", "extend", "take_back"]))
    def something_inside_tries(self, command: str) -> None:
        if command == "take_back" and self.live:
            self.model.frozen = True
        pending = self.proposing.facts()["proposals"]
        proposal = pending[0]["proposal"] if pending else ""
        self.act(lambda: self.commands.consented(self.intruder, 999, "I agree"))
        answer = self.do(
            command, self.intruder, proposal=proposal, mode="control", seconds=9.0, toggle=True
        )  # fmt: skip
        assert command in ("take_back", "mode") or isinstance(answer, Error)

    # --- the world --------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.1, 2.5, 20.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def the_recorder_looks_at_the_clock(self) -> None:
        self.act(lambda: self.changes.look(self.now, self.log))

    @rule()
    def a_command_begins_or_ends(self) -> None:
        self.prompting = not self.prompting
        if self.prompting:
            self.terminal.lines.prompt.printed(b"\x1b[?2004l\r\n" + PROMPT)
            self.act(self.proposing.run_ready)

    @rule()
    def the_recorder_is_killed(self) -> None:
        self.close_run()
        self.approved.clear()
        self.on_loop(self.begin())

    @property
    def revoked(self) -> bool:
        return any(one["event"] == "revoked" for one in self.entries)

    @property
    def expired_in_log(self) -> bool:
        return self.authority.grant.standing.value == "expired"

    @invariant()
    def nothing_waits_where_nothing_may_run(self) -> None:
        if hasattr(self, "authority") and not self.authority.live:
            facts = self.proposing.facts()
            assert facts["proposals"] == facts["waiting"] == facts["allowed"] == []

    def close_run(self) -> None:
        os.close(self.terminal._pty._slave)
        os.close(self.terminal._pty._master)
        for stream in self.spool.streams.values():
            stream.close()
        os.close(self.spool._lock)

    def teardown(self) -> None:
        if hasattr(self, "terminal"):
            self.close_run()
        self.loop.close()
        self.folder.cleanup()


TestInCharge = Machine.TestCase
TestInCharge.settings = settings(
    max_examples=150, stateful_step_count=50, deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
