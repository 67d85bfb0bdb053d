from __future__ import annotations

from typing import Any

from broker.host.authority import Authority
from broker.host.customer import IDLE_SECONDS, Customer
from broker.host.logins.origin import OWN
from broker.host.turns import Turns
from broker.recording.grant import Away, Grant, Mode


class Terminal:
    """A terminal whose seat is taken."""

    seat: object | None = object()
    origin = OWN

    def __init__(self) -> None:
        self.typed = b""
        self.turns = Turns()

    @property
    def attended(self) -> bool:
        return self.seat is not None

    def type(self, data: bytes, person: str) -> None:
        assert person == "customer"
        self.typed += data


class Session:
    """Keeps what is logged."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, dict[str, object]]] = []

    def log(self, event: str, **fields: object) -> None:
        self.entries.append((event, fields))

    def turned(self, terminal: object) -> None:
        """Nobody is told here."""


def seated() -> tuple[Customer, Terminal, Session, list[float]]:
    terminal, session, now = Terminal(), Session(), [10.0]
    terminals: Any = {"run-1.terminal-1.cast": terminal}
    acts_on: Any = session
    commands: Any = None
    authority = Authority(Grant(Mode.APPROVE, Away.PAUSE, 1000.0), [], session.log)
    customer = Customer(1000, authority, terminals, commands, lambda: now[0], acts_on)
    return customer, terminal, session, now


def test_idle_is_told_once_and_dated_from_the_last_key() -> None:
    customer, _, session, now = seated()
    for after in (0.0, IDLE_SECONDS - 0.1, IDLE_SECONDS, 2 * IDLE_SECONDS):
        now[0] = 10.0 + after
        customer.check_idle()
    assert session.entries == [("idle", {"since": 10.0})]


def test_a_key_ends_idleness_and_is_typed() -> None:
    customer, terminal, session, now = seated()
    now[0] += IDLE_SECONDS
    customer.check_idle()
    taken_by: Any = terminal
    customer._typed(taken_by, b"l")
    customer._typed(taken_by, b"s")
    now[0] += IDLE_SECONDS - 1
    customer.check_idle()
    assert [event for event, _ in session.entries] == ["idle", "active"]
    assert terminal.typed == b"ls"


def test_who_is_away_is_not_idle() -> None:
    customer, terminal, session, now = seated()
    terminal.seat = None
    now[0] += 10 * IDLE_SECONDS
    customer.check_idle()
    assert session.entries == []
    assert not customer.seated
