"""The terms that a customer consents to: their text, and what counts as consent. Pure."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import List, Optional

from broker.host.choices import MOST_TERMINALS, Choices, length
from broker.host.columns import COLUMNS, framed, plain, wrapped
from broker.host.known_brokers import Acquaintance, BrokerKey
from broker.host.terms_here import Here, chosen, item, items, kept, long, named, row, rows
from broker.recording.grant import Away, Mode, Page

CONSENT = "I agree"

_MOST_BANNER_LINES = 40
_RECORDED = (
    "A new shell opens here. Everything that it prints is recorded, whoever types and whether or "
    "not anyone is connected: at the broker, where the vendor's engineers and reviewers can "
    "replay it, and "
)
_MODES = {
    Mode.WATCH: "see this terminal. They cannot type.",
    Mode.APPROVE: (
        "see this terminal and propose lines. A line runs only if you let it, exactly as you are "
        "shown it; you can edit or refuse it. They cannot type."
    ),
    Mode.CONTROL: "see this terminal AND TYPE INTO IT, as you could yourself.",
}
_WATCHED_AWAY = "they still see it, and the recording goes on."
_AWAY = {
    (Mode.WATCH, Away.PAUSE): _WATCHED_AWAY,
    (Mode.WATCH, Away.CONTINUE): _WATCHED_AWAY,
    (Mode.APPROVE, Away.PAUSE): "nothing runs unasked; they still see it.",
    (Mode.APPROVE, Away.CONTINUE): "lines that you allowed beforehand still run.",
    (Mode.CONTROL, Away.PAUSE): (
        "their typing is held off until you are back; they still see the terminal."
    ),
    (Mode.CONTROL, Away.CONTINUE): "they may go on typing until the grant ends.",
}
_PAGES = {
    Page.OFF: "You get no page in a browser.",
    Page.WATCH: (
        "You get the secret link of a page, for a browser or phone: there you, or whoever has "
        "the link, can follow it, refuse lines, take back and end, and give nothing more."
    ),
    Page.APPROVE: (
        "You get the secret link of a page, for a browser or phone: there you, or whoever has "
        "the link, can follow it, LET LINES RUN, refuse, take back and end. The page comes from "
        "the broker: to let lines run there is to trust the broker with it."
    ),
}


@dataclass(frozen=True)
class Asked(Here):
    """Who asks for what."""

    broker: str
    key: BrokerKey
    engineer: str
    banner: str
    """The vendor's plain text, or empty."""


def terms(asked: Asked) -> str:
    """The text to show; exactly this goes into the session log.

    No line is wider than 78 columns, save one that names a program with a longer path.
    """
    choices = asked.choices
    lines = [
        *_warning(asked.key),
        *wrapped(f"{plain(asked.engineer)} asks for a jump seat at a terminal of this host."),
        "",
        *row("case", plain(asked.case)),
        *row("broker", plain(asked.broker)),
        *row("its key", asked.key.fingerprint),
        *row("", _acquaintance(asked.key)),
        *row("mode", chosen(choices.mode)),
        *row("for", long(asked)),
        *row("away", chosen(choices.away)),
        *row("page", chosen(choices.page)),
        *row("terminals", f"{choices.terminals} (at most {MOST_TERMINALS})"),
        *rows(asked),
        *_banner(asked.banner),
        "",
        *item(f"The engineers of this case may {_MODES[choices.mode]} {_terminals(choices)}"),
        *item(_RECORDED + f"on this host in {asked.folder}, {kept(asked)}"),
        *item(f"When you leave the terminal, {_when_away(choices)}"),
        *item(_PAGES[choices.page]),
        *items(asked, "to the broker"),
        "",
        *_taking_back(asked),
    ]
    return "\n".join(lines) + "\n"


def shown_again(banner: str) -> str:
    """The vendor's banner as it is shown before the shell, and before more is given; or empty."""
    return "\n".join([*_banner(banner), ""]) if banner.strip() else ""


def _warning(key: BrokerKey) -> List[str]:
    if not _changed(key):
        return []
    return [
        "*" * COLUMNS,
        "***   THE KEY OF THIS BROKER HAS CHANGED",
        *wrapped(
            "Somebody may be posing as it. Before you consent, ask your vendor whether their key "
            "is now the one below, on another way than this invitation came by.",
            "***   ",
            "***   ",
        ),
        f"***   known until now: {key.before}",
        "*" * COLUMNS,
        "",
    ]


def _acquaintance(key: BrokerKey) -> str:
    if key.acquaintance is Acquaintance.NEW:
        return "new: nothing of this broker was consented to here before"
    since = time.strftime("%Y-%m-%d", time.gmtime(key.since))
    if key.acquaintance is Acquaintance.KNOWN:
        return f"known: the same as on {since}, when you first consented"
    if key.acquaintance is Acquaintance.FOLLOWED:
        replaced = time.strftime("%Y-%m-%d", time.gmtime(key.replaced))
        return f"replaced on {replaced}; the key that you knew vouches for it"
    return f"CHANGED: it was another since {since}"


def _banner(banner: str) -> List[str]:
    lines = framed(banner.strip("\n"))
    if not banner.strip():
        return []
    if len(lines) > _MOST_BANNER_LINES:
        lines = [*lines[:_MOST_BANNER_LINES], "  | (the rest is left out)"]
    return ["", "  +-- the vendor says:", *lines, "  +--"]


def _terminals(choices: Choices) -> str:
    if choices.terminals == 1:
        more = "Another terminal takes your yes."
    else:
        more = f"They may open {choices.terminals} terminals without asking."
    return f"{more} After {length(choices.seconds)} they only see, until the session ends."


def _when_away(choices: Choices) -> str:
    if choices.away is Away.END:
        return "the session ends."
    return _AWAY[choices.mode, choices.away]


def _taking_back(asked: Asked) -> List[str]:
    narrower = "  jumpseat mode watch   lets them only see; more takes your consent again"
    return [
        *wrapped(
            f"You can take it back at any time. In the terminal, {asked.prefix} and then the space "
            "bar holds off all that is theirs, at once; the same gives it back. From any shell of "
            "yours:"
        ),
        *named(asked),
        *([] if asked.choices.mode is Mode.WATCH else [narrower]),
        "  jumpseat revoke       ends what they may, for good; your shell goes on",
        "  jumpseat disconnect   cuts the link; the recording goes on",
        "  jumpseat end          ends the session, and so does leaving the shell (exit)",
        *(["", "THE KEY OF THIS BROKER HAS CHANGED: see above."] if _changed(asked.key) else []),
    ]


def _changed(key: BrokerKey) -> bool:
    return key.acquaintance is Acquaintance.CHANGED


def refusal(answer: str) -> Optional[str]:
    """Why this answer is no consent, or None where it is."""
    if answer.strip() == CONSENT:
        return None
    return f'nothing was granted: only the words "{CONSENT}" grant it'
