"""Who typed how much of a line. Pure: it counts characters and keeps none."""

from __future__ import annotations

import re
from typing import Dict

_SEQUENCE = re.compile(rb"\x1b(?:\[[0-9;?<=>]*[ -/]*[@-~]|O.|.)?", re.DOTALL)
_SHOWN = re.compile(rb"[\x20-\x7e\xc2-\xf4]")  # of a character of several bytes, only its first


class Shares:
    """The characters typed at one terminal since they were last taken."""

    def __init__(self) -> None:
        self._shares: Dict[str, int] = {}

    def typed(self, person: str, data: bytes) -> None:
        """Count what this person typed; keys that are no characters count nothing."""
        count = len(_SHOWN.findall(_SEQUENCE.sub(b"", data) if b"\x1b" in data else data))
        if count:
            self._shares[person] = self._shares.get(person, 0) + count

    def take(self) -> Dict[str, int]:
        """What was counted, by person; counting begins anew."""
        shares, self._shares = self._shares, {}
        return shares
