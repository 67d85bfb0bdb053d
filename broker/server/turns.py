"""Whose keys reach which terminal: as the host tells it, checked, and as viewers are told."""

from collections.abc import Mapping

from broker.server.wants import fit_to_print
from broker.wire.errors import RemoteProtocolError
from broker.wire.messages import Turn
from broker.wire.names import parse_stream

_CUSTOMER = "customer"
_PERSON_CHARACTERS = 200
_MOST_TERMINALS = 512


class Turns:
    """The last word on each terminal of the host that is connected now."""

    def __init__(self) -> None:
        self._held: dict[str, Turn] = {}

    def held(self) -> list[Turn]:
        """For somebody who joins: the terminals that are somebody's now."""
        return list(self._held.values())

    def take(self, turn: Turn, engineers: Mapping[str, str]) -> Turn | None:
        """What to tell viewers of this, or None where it is no news.

        ``engineers`` maps ids of those who are here to their names: a host does not say who they
        are, and a terminal that it gives to somebody else is nobody's. Raises
        RemoteProtocolError for what is no terminal.
        """
        if parse_stream(turn.terminal).is_log:
            raise RemoteProtocolError("bad-terminal", "a session log is no terminal")
        holder, person = turn.holder, engineers.get(turn.holder, "")
        if holder == _CUSTOMER:
            person = fit_to_print(turn.person, _PERSON_CHARACTERS)
        elif holder not in engineers:
            holder = ""
        known = Turn(turn.terminal, holder, person)
        if known == self._held.get(turn.terminal, Turn(turn.terminal, "", "")):
            return None
        if not holder:
            del self._held[turn.terminal]
        elif turn.terminal in self._held or len(self._held) < _MOST_TERMINALS:
            self._held[turn.terminal] = known
        else:
            return None
        return known

    def clear(self) -> list[Turn]:
        """The host's link is gone, and all turns with it: what to tell viewers."""
        freed = [Turn(terminal, "", "") for terminal in self._held]
        self._held.clear()
        return freed
