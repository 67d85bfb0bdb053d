"""The terms that a customer consents to: their text, and what counts as consent. Pure."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum
from typing import List, Optional, Tuple

from broker.host.cells import exactly
from broker.host.choices import MOST_TERMINALS, Choices, Drift, Others, length
from broker.host.columns import COLUMNS, framed, plain, wrapped
from broker.host.known_brokers import Acquaintance, BrokerKey
from broker.recording.grant import Away, Mode, Page
from broker.recording.watched import VendorProbe

CONSENT = "I agree"

_MOST_HOLDS = 5
_MOST_BANNER_LINES = 40
_RECORDED = (
    "A new shell opens here. Everything that it prints is recorded, whoever types and whether or "
    "not anyone is connected: at the broker, where the vendor's engineers and reviewers can "
    "replay it, and "
)
_READ = (
    "To tell what changes on this host, its state is read at low priority: now, when you leave, "
    "while you are away, on return and at the end. That is: network, firewall, services, packages, "
    "kernel settings, mounts, users and groups, lines of sudo's, cron's and a few other settings "
    "(as hosts, fstab), and of files in /etc names, owners, modes and digests. The readings stay "
    "on this host; what changed goes to the broker, with secrets masked."
)
_NOT_READ = "Your host's state is not read, and no command of the vendor's is run for that."
_JOURNAL = (
    "Programs begun at other terminals of this host while the grant lasts are listed: command "
    "line, who, where and when, as far as the kernel tells."
)
_OTHERS = {
    Others.RECORD: (
        "WHOEVER LOGS IN on this host by console or ssh while the grant lasts is recorded too, and "
        "told so; engineers can't type there. Of terminals that are open already, the programs "
        "begun there are listed."
    ),
    Others.JOURNAL: _JOURNAL,
    Others.OFF: "Nothing is recorded or listed of other terminals of this host.",
}
_NO_LOGINS = "Logins of others can be recorded only with sudo, and are not. "
_MASKED = (
    "Secrets are masked on this host first, as far as their form tells: private keys, well-known "
    "tokens, passwords in URLs and after words like password=."
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
    (Mode.APPROVE, Away.PAUSE): (
        "nothing runs unasked until you are back; they still see the terminal."
    ),
    (Mode.APPROVE, Away.CONTINUE): "lines that you have allowed beforehand still run.",
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
class Asked:
    """Who asks for what, and what the customer's host would do about it."""

    broker: str
    key: BrokerKey
    case: str
    engineer: str
    banner: str
    """The vendor's plain text, or empty."""
    choices: Choices
    most_seconds: float
    user: str
    as_root: bool
    """Whether the recorder would run as root."""
    protected: bool
    """And the shell not."""
    folder: str
    program: str
    """What a person types for ``jumpseat`` here."""
    prefix: str
    probes: Tuple[VendorProbe, ...]
    """The vendor's own."""
    trees: Tuple[str, ...]
    """The directories that the vendor wants watched."""
    holds: Tuple[str, ...]
    """What holds that are up on this host say."""


def terms(asked: Asked) -> str:
    """The text to show; exactly this goes into the session log.

    No line is wider than 78 columns, save one that names a program with a longer path.
    """
    choices = asked.choices
    lines = [
        *_warning(asked.key),
        *wrapped(f"{plain(asked.engineer)} asks for a jump seat at a terminal of this host."),
        "",
        *_row("case", plain(asked.case)),
        *_row("broker", plain(asked.broker)),
        *_row("its key", asked.key.fingerprint),
        *_row("", _acquaintance(asked.key)),
        *_row("mode", _chosen(choices.mode)),
        *_row("for", f"{length(choices.seconds)} (at most {length(asked.most_seconds)})"),
        *_row("away", _chosen(choices.away)),
        *_row("page", _chosen(choices.page)),
        *_row("terminals", f"{choices.terminals} (at most {MOST_TERMINALS})"),
        *_row("drift", _chosen(choices.drift)),
        *_row("others", _chosen(choices.others)),
        *_row("mask", _masks(choices.masks)),
        *_banner(asked.banner),
        "",
        *_item(f"The engineers of this case may {_MODES[choices.mode]} {_terminals(choices)}"),
        *_item(_RECORDED + f"on this host in {asked.folder}, {_kept(asked)}"),
        *_item(f"When you leave the terminal, {_when_away(choices)}"),
        *_item(_PAGES[choices.page]),
        *_drift(asked),
        *_item(_others(asked)),
        *_item(_MASKED),
        *_holds(asked.holds),
        "",
        *_taking_back(asked),
    ]
    return "\n".join(lines) + "\n"


def shown_again(banner: str) -> str:
    """The vendor's banner as it is shown before the shell, and before more is given; or empty."""
    return "\n".join([*_banner(banner), ""]) if banner.strip() else ""


def _row(name: str, text: str) -> List[str]:
    return wrapped(text, f"  {name:<11}", " " * 13)


def _item(text: str) -> List[str]:
    return wrapped(text, "- ", "  ")


def _chosen(choice: Enum) -> str:
    others = ", ".join(str(one.value) for one in type(choice) if one is not choice)
    return f"{choice.value} (or {others})"


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


def _kept(asked: Asked) -> str:
    if asked.protected:
        return f"by root: {asked.user}, whose shell it is, can't change it."
    weak = f"as {asked.user}, whose shell it is and who could change it: weaker evidence."
    return weak if asked.user == "root" else f"{weak} With sudo the recorder runs as root."


def _drift(asked: Asked) -> List[str]:
    if asked.choices.drift is Drift.OFF:
        return _item(_NOT_READ)
    lines = _item(_READ)
    if asked.trees:
        lines += _item("The vendor wants the files in these directories read likewise:")
        lines += [line for tree in asked.trees for line in exactly(tree, "    ")]
    if asked.probes:
        lines += _item("The vendor's own commands, run each time as the user before the bar:")
        for probe in asked.probes:
            as_root = probe.as_root and asked.protected
            lines += exactly(probe.shown, f"    {'root' if as_root else plain(asked.user)} ")
    return lines


def _others(asked: Asked) -> str:
    chosen = asked.choices.others
    there = chosen.where(as_root=asked.as_root)
    return _OTHERS[there] if there is chosen else _NO_LOGINS + _OTHERS[there]


def _masks(masks: Tuple[str, ...]) -> str:
    return ", ".join(["secrets", *(f'what follows "{plain(one)}"' for one in masks)])


def _holds(holds: Tuple[str, ...]) -> List[str]:
    if not holds:
        return []
    shown = [
        line for text in holds[:_MOST_HOLDS] for line in wrapped(plain(text), "    ! ", "      ")
    ]
    more = len(holds) - _MOST_HOLDS
    return [
        *_item("Holds on this host, which both sides see; they prevent slips, not attacks:"),
        *shown,
        *([f"    ! and {more} more"] if more > 0 else []),
    ]


def _taking_back(asked: Asked) -> List[str]:
    named = [] if asked.program == "jumpseat" else [f"(`jumpseat` is: {asked.program})"]
    narrower = "  jumpseat mode watch   lets them only see; more takes your consent again"
    return [
        *wrapped(
            f"You can take it back at any time. In the terminal, {asked.prefix} and then the space "
            "bar holds off all that is theirs, at once; the same gives it back. From any shell of "
            "yours:"
        ),
        *named,
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
