"""What was entered at one terminal and is not in the session log yet. Pure."""

from __future__ import annotations

from typing import Dict, List, Mapping, Optional

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
        self._since = 0.0
        self._logged = -1.0

    def enter(self, shares: Mapping[str, int], t: float) -> None:
        """Enter was pressed behind what these people typed, in characters."""
        self.waits, self._since = True, t
        for person, count in shares.items():
            self._shares[person] = self._shares.get(person, 0) + count
        self.typists = sorted(self._shares)

    def tell(self, lines: List[Optional[str]], t: float) -> None:
        """What stood on lines that were entered; None: that can't be told."""
        if not self.waits and any(lines):  # their characters were logged before
            self.enter(dict.fromkeys(self.typists, 0), t)
        if self.waits:
            self._lines += lines

    def due(self, t: float, *, coming: bool) -> bool:
        """Whether an entry is to be written now. ``coming``: a line will be told."""
        if not self.waits or (coming and t - self._since < LINE_SECONDS):
            return False
        long = sum(len(line or "") for line in self._lines) >= _MOST_CHARACTERS
        return long or t - self._logged >= SHARES_SECONDS

    def take(self, t: float) -> Dict[str, object]:
        """The fields of an entry for all that waits; ``line`` only where it can be told."""
        fields: Dict[str, object] = {"shares": self._shares}
        if any(self._lines):
            fields["line"] = "\n".join(
                _UNTOLD if one is None else one for one in self._lines if one != ""
            )
        self.waits, self._logged = False, t
        self._shares, self._lines = {}, []
        return fields
