"""Tells who types: whoever watches, and whoever wants to know, each time that it is another."""

from __future__ import annotations

import asyncio
from typing import Callable, Dict, Mapping

from broker.host.recorded import RecordedTerminal
from broker.host.turns import NOBODY, Holder
from broker.wire.messages import Turn


class TurnTeller:
    """For all terminals of a session. ``send`` gets a message for whoever watches."""

    def __init__(
        self,
        terminals: Mapping[str, RecordedTerminal],
        clock: Callable[[], float],
        send: Callable[[Turn], None],
    ) -> None:
        self._terminals = terminals
        self._clock = clock
        self._send = send
        self._told: Dict[str, Holder] = {}
        self._timers: Dict[str, asyncio.TimerHandle] = {}

    def look(self, terminal: RecordedTerminal) -> None:
        """Somebody has typed, or a turn has lapsed: tell it where that is new."""
        name, t = terminal.name, self._clock()
        holder = terminal.turns.holder(t)
        if holder != self._told.get(name, NOBODY):
            self._told[name] = holder
            self._send(Turn(name, holder.id, holder.person))
        if holder.id and name not in self._timers:
            wait = max(0.0, terminal.turns.lapses - t)
            self._timers[name] = asyncio.get_running_loop().call_later(wait, self._lapsed, name)

    def tell_again(self) -> None:
        """Whoever listens has heard nothing so far: the link is a new one."""
        self._told.clear()
        for terminal in self._terminals.values():
            self.look(terminal)

    @property
    def typing(self) -> str:
        """Who types now; empty: nobody."""
        t = self._clock()
        holders = (one.turns.holder(t) for one in self._terminals.values())
        return next((holder.person for holder in holders if holder.id), "")

    def _lapsed(self, name: str) -> None:
        del self._timers[name]
        terminal = self._terminals.get(name)
        if terminal is not None:
            self.look(terminal)
