"""What a bundle says of itself to whoever unpacks it. Pure."""

from __future__ import annotations

import textwrap
import time
from typing import AbstractSet, Any, Dict, Mapping, Sequence

from broker.evidence.told import read_out
from broker.evidence.verifying import Verified

_COLUMNS = 78


def readme(
    verified: Verified,
    told: Mapping[str, Any],
    keys: Sequence[Mapping[str, Any]],
    trusted: AbstractSet[str],
    *,
    page: bool,
) -> str:
    """README.txt. ``told``: session.json; ``keys``: those of keys.json; ``page``: it is there."""
    made = told["made"]
    at = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(made["at"]))
    where = "at the vendor's broker" if made["by"] == "broker" else "on the customer's host"
    parts = [
        f"A recorded session of Jumpseat: {told['session']}",
        _filled(
            f"{_GRANTED if told['engineer'] else _OFFLINE} This is all that was recorded: what the "
            "terminals printed, and the session log. consent.txt has the terms as they "
            f"were shown. It was packed {where} on {at}. It may hold whatever was on the screen: "
            "give it to those who may see that."
        ),
        "TO LOOK AT IT",
        _filled(_PAGE if page else _NO_PAGE),
        "TO CHECK IT",
        _filled(
            "Take Jumpseat from somewhere that you trust, not from whoever gave you this file (a "
            "broker serves it as jumpseat.pyz, which needs Python 3.9 and nothing else), and run, "
            "with the broker's key after --key:"
        ),
        f"  jumpseat verify FILE.zip --key {_KEY}",
        _filled(
            "VERIFIED (exit status 0): to the last byte what the broker held when the session was "
            "complete. UNANCHORED (1): nothing contradicts, but not all is vouched for. REJECTED "
            "(2): something was changed; the place is told."
        ),
        _filled(_WHICH_KEY),
        "\n".join(_keys(keys)) or "  (no broker's key is known here: nobody has signed)",
        "WHEN IT WAS PACKED",
        "\n".join(read_out(verified, trusted)),
        "WHAT IS IN IT",
        "\n".join(f"  {name:<14} {text}" for name, text in _FILES.items() if page or name != _HTML),
    ]
    return "\n\n".join(parts) + "\n"


_HTML = "replay.html"
_KEY = "SHA256:..."
_GRANTED = "A support engineer was granted a seat at a terminal."
_OFFLINE = "A terminal was recorded offline: no engineer was there, and no broker."
_PAGE = (
    "Unpack the zip file and open replay.html in a browser. It needs no network and sends nothing. "
    "It checks the receipts as well, but a page that came with the evidence is only as good as "
    "whoever gave it to you: the check below is not."
)
_NO_PAGE = (
    "The recordings are too large for a page, or encrypted: there is no replay.html. Each file in "
    "streams/ that ends with .cast is an asciicast: any asciinema player plays it. A broker "
    "replays all of it once it has it: jumpseat import FILE.zip --data DIR."
)
_WHICH_KEY = (
    "The key must come from elsewhere than this file: it was shown to the customer with the terms "
    "(consent.txt has them), the broker prints it when it starts, and `jumpseat keys` lists it. "
    "Whoever made this file says that it is:"
)
_FILES: Dict[str, str] = {
    _HTML: "replays and checks the session in a browser",
    "session.json": "which session this is, and who packed it when",
    "consent.txt": "the terms as they were shown, and what was typed",
    "streams/": "recordings (asciicast v2) and session logs (a JSON object a line)",
    "receipts": "what the broker signed for; not there if it never had the session",
    "keys.json": "the broker's keys, as far as they were known",
    "reports/": "timeline, away reports, commands, and how all of it was known",
    "manifest.json": "size and SHA-256 of every other file",
}


def _keys(keys: Sequence[Mapping[str, Any]]) -> Sequence[str]:
    return [f"  {one['key']}" for one in keys]


def _filled(text: str) -> str:
    return textwrap.fill(text, _COLUMNS, break_long_words=False, break_on_hyphens=False)
