"""What was entered at one terminal and is not in the session log yet. Pure."""

from __future__ import annotations

from typing import Dict, List, Mapping, Optional, Set

SHARES_SECONDS = 0.1
"""Lines that are entered faster than this share an entry of the session log."""
LINE_SECONDS = 2.0
"""So long after Enter an entry waits for its line; a line that comes later has one of its own."""
_MOST_CHARACTERS = 500
_UNTOLD = "…"


class Entered:
    """One terminal's. Times are in seconds of one clock."""

    def __init__(self) -> None:
        self.typists: List[str] = []
        """Who typed what was entered last."""
        self.waits = False
        """Something was entered since the last entry."""
        self._shares: Dict[str, int] = {}
        self._lines: List[Optional[str]] = []
        self._owed: Set[str] = set()
        """Whose lines were still to come when their entry was written."""
        self._since = 0.0
        self._logged = -1.0

    def enter(self, shares: Mapping[str, int], t: float) -> None:
        """Enter was pressed behind what these people typed, in characters."""
        self.typists = sorted(shares) or self.typists
        self._add(shares, t)

    def of_others(self, shares: Mapping[str, int], t: float) -> bool:
        """Whether what waits was typed by others, and long enough before to be told apart."""
        late = t - self._since >= SHARES_SECONDS
        return self.waits and late and self._shares.keys() != shares.keys()

    def tell(self, lines: List[Optional[str]], t: float) -> None:
        """What stood on lines that were entered; None: that can't be told."""
        if any(lines):  # the characters of some may be logged already, and whose each is, unknown
            self._add(dict.fromkeys(self._owed or ([] if self.waits else self.typists), 0), t)
        if self.waits:
            self._lines += lines

    def due(self, t: float, *, coming: bool) -> bool:
        """Whether an entry is to be written now. ``coming``: a line will be told."""
        if not self.waits or (coming and t - self._since < LINE_SECONDS):
            return False
        long = sum(len(line or "") for line in self._lines) >= _MOST_CHARACTERS
        return long or t - self._logged >= SHARES_SECONDS

    def take(self, t: float, *, coming: bool) -> Dict[str, object]:
        """The fields of an entry for all that waits; ``line`` only where it can be told."""
        self._owed = self._owed | self._shares.keys() if coming else set()
        fields: Dict[str, object] = {"shares": self._shares}
        if any(self._lines):
            fields["line"] = "\n".join(
                _UNTOLD if one is None else one for one in self._lines if one != ""
            )
        self.waits, self._logged = False, t
        self._shares, self._lines = {}, []
        return fields

    def _add(self, shares: Mapping[str, int], t: float) -> None:
        if not self.waits:
            self.waits, self._since = True, t
        for person, count in shares.items():
            self._shares[person] = self._shares.get(person, 0) + count
