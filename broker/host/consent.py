"""The terms that a customer consents to: their text, and what counts as consent. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import fill
from typing import Optional

from broker.recording.grant import Away, Mode
from broker.recording.timeline import duration

CONSENT = "I agree"

_RECORDED = (
    "A new shell opens here. Everything that it prints is recorded, whoever types and whether or "
    "not anyone is connected: at the broker, where the vendor's engineers and reviewers can "
    "replay it, and "
)
_MODES = {
    Mode.WATCH: "see this terminal. They cannot type (--mode control would let them).",
    Mode.CONTROL: "see this terminal AND TYPE INTO IT, as you could yourself.",
}
_AWAY = {
    Away.PAUSE: "their typing is held off until you are back; they still see the terminal.",
    Away.CONTINUE: "they may go on typing until the grant ends.",
    Away.END: "the session ends.",
}


@dataclass(frozen=True)
class Asked:
    """Who asks for what, and what the customer's host would do about it."""

    broker: str
    case: str
    engineer: str
    mode: Mode
    away: Away
    seconds: float
    user: str
    protected: bool
    folder: str
    program: str
    """What a person types for ``jumpseat`` here."""


def terms(asked: Asked) -> str:
    """The text to show; exactly this goes into the session log."""
    return f"""\
{plain(asked.engineer)} asks for a jump seat at a terminal of this host.

  case       {plain(asked.case)}
  broker     {asked.broker}
  for        {duration(asked.seconds)}

{_filled(f"The engineers of this case may {_MODES[asked.mode]}")}

{_filled(_RECORDED + f"on this host in {asked.folder}, {_kept(asked)}")}

{_filled(f"When you leave the terminal, {_when_away(asked)}")}

You can take the seat back at any time, here or from another shell of yours:
  {asked.program} disconnect
      cuts the link; the recording goes on
  {asked.program} end
      ends the session, and so does leaving the shell (exit)
"""


def _when_away(asked: Asked) -> str:
    if asked.mode is Mode.WATCH and asked.away is not Away.END:
        return "they still see it, and the recording goes on."
    return _AWAY[asked.away]


def _kept(asked: Asked) -> str:
    if asked.protected:
        return f"by root: {asked.user}, whose shell it is, can't change it."
    weak = f"as {asked.user}, whose shell it is and who could change it: weaker evidence."
    return weak if asked.user == "root" else f"{weak} With sudo the recorder runs as root."


def _filled(text: str) -> str:
    return fill(text, width=78, break_long_words=False, break_on_hyphens=False)


def plain(text: str) -> str:
    """Text from elsewhere, safe to print: a broker must not paint over the terms."""
    return "".join(char if char.isprintable() else "?" for char in text)[:200]


def refusal(answer: str) -> Optional[str]:
    """Why this answer is no consent, or None where it is."""
    if answer.strip() == CONSENT:
        return None
    return f'nothing was granted: only the words "{CONSENT}" grant it'
