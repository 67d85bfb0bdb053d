"""What a customer is shown, and must agree to, before engineers are given more. Pure."""

from __future__ import annotations

import hashlib
from textwrap import fill
from typing import Dict, List

from broker.host.consent import CONSENT
from broker.recording.grant import Away, Grant, Mode
from broker.recording.timeline import duration

_MODES = {
    Mode.WATCH: "see the terminals of this session.",
    Mode.APPROVE: "see the terminals of this session, and propose lines that run if you let them.",
    Mode.CONTROL: "see the terminals of this session AND TYPE INTO THEM, as you could yourself.",
}
_AWAY = {
    Away.PAUSE: "While you are away from the terminal, that is held off.",
    Away.CONTINUE: "THAT GOES ON WHILE YOU ARE AWAY from the terminal.",
    Away.END: "When you leave the terminal, the session ends.",
}


def widening(
    after: Grant, *, what: str, asker: str, people: List[str], left: float, banner: str
) -> str:
    """The text to show; exactly this goes into the session log.

    ``what``: what was asked for, ``asker``: by whom; ``left``: seconds that the grant would last.
    """
    who = ", ".join(people) or "nobody at the moment"
    parts = [
        f"{asker} asks for: {what}.",
        banner,
        f"The engineers of this case may then {_MODES[after.mode]} {_AWAY[after.away]}",
        f"It ends in {duration(left)}. Watching: {who}.",
    ]
    return "\n\n".join(
        part if part is banner else fill(part, 78, break_long_words=False) for part in parts if part
    )


def consented(text: str, answer: str) -> Dict[str, str]:
    """The fields of a log entry that say what was agreed to."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    return {"text": text, "text_sha256": digest, "answer": answer}


WORDS = CONSENT
"""What counts as consent, here as for the terms."""
