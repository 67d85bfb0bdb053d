"""What the customer does on their page: checked on the host, whatever the broker made of it. Pure.

The broker carries an act from the page to the recorder and can lose it, but it can't make one: it
never sees the key. An act counts once, in its own run. What a broker that serves an altered page
could do with one that the customer has open is why the page takes back by itself and lets run
only where the grant says so.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any, Dict, NamedTuple

from broker.host.refusal import NotDone

_FIELDS = {
    "session": str, "run": int, "n": int, "do": str, "proposal": str, "text_sha256": str,
    "word": str,
}  # fmt: skip


class Action(NamedTuple):
    """An act that the customer meant."""

    do: str
    proposal: str
    text_sha256: str
    word: str

    def is_of(self, text: str) -> bool:
        """Whether this is the text that the page showed."""
        digest = hashlib.sha256(text.encode()).hexdigest()
        return hmac.compare_digest(digest, self.text_sha256)


class PageActs:
    """Reads the acts of one run."""

    def __init__(self, act_key: bytes, session: str, run: int) -> None:
        self._key = act_key
        self._session = session
        self._run = run
        self._last = -1

    def read(self, action: str, mac: str) -> Action:
        """The act, if the page made it, for this run, and after all before it. Raises NotDone."""
        made = hmac.new(self._key, action.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(made.encode(), mac.encode("utf-8", "replace")):
            raise NotDone("bad-act", "this was not made with the key of the customer's page")
        fields = _fields(action)
        if fields["session"] != self._session or fields["run"] != self._run:
            raise NotDone("other-run", "the page has not seen that the recorder began anew")
        if fields["n"] <= self._last:
            raise NotDone("repeated", "this act came before, or after a later one")
        self._last = fields["n"]
        return Action(fields["do"], fields["proposal"], fields["text_sha256"], fields["word"])


def _fields(action: str) -> Dict[str, Any]:
    try:
        fields = json.loads(action)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict) or any(
        type(fields.get(name)) is not kind for name, kind in _FIELDS.items()
    ):
        raise NotDone("bad-act", "the page's act makes no sense")
    return fields
