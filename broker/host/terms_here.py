"""What terms say of this host, whoever asks: what is read, masked and kept here. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import List, Tuple

from broker.host.cells import exactly
from broker.host.choices import Choices, Drift, Others, length, size
from broker.host.columns import plain, wrapped
from broker.recording.watched import VendorProbe

_MOST_HOLDS = 5
_READ = (
    "To tell what changes on this host, its state is read at low priority: now, when you leave, "
    "while you are away, on return and at the end. That is: network, firewall, services, packages, "
    "kernel settings, mounts, users and groups, lines of sudo's, cron's and a few other settings "
    "(as hosts, fstab), and of files in /etc names, owners, modes and digests. The readings stay "
    "on this host; what changed goes {where}, with secrets masked."
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


@dataclass(frozen=True)
class Here:
    """What the customer's host would do about a grant."""

    case: str
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


def row(name: str, text: str) -> List[str]:
    """A fact under its name."""
    return wrapped(text, f"  {name:<11}", " " * 13)


def item(text: str) -> List[str]:
    """A sentence of the terms."""
    return wrapped(text, "- ", "  ")


def chosen(choice: Enum) -> str:
    """A choice, and what else it could be."""
    others = ", ".join(str(one.value) for one in type(choice) if one is not choice)
    return f"{choice.value} (or {others})"


def rows(here: Here) -> List[str]:
    """What is chosen of this host."""
    choices = here.choices
    return [
        *row("drift", chosen(choices.drift)),
        *row("others", chosen(choices.others)),
        *row("mask", _masks(choices.masks)),
        *row("spool", f"{size(choices.spool)} that no broker has yet; beyond, nothing is recorded"),
    ]


def long(here: Here) -> str:
    """How long it may last."""
    return f"{length(here.choices.seconds)} (at most {length(here.most_seconds)})"


def items(here: Here, where: str) -> List[str]:
    """What is read, masked and held here; ``where``: to whom goes what has changed."""
    return [*_drift(here, where), *item(_others(here)), *item(_MASKED), *_holds(here.holds)]


def kept(here: Here) -> str:
    """By whom the copy on this host is kept."""
    if here.protected:
        return f"by root: {here.user}, whose shell it is, can't change it."
    weak = f"as {here.user}, whose shell it is and who could change it: weaker evidence."
    return weak if here.user == "root" else f"{weak} With sudo the recorder runs as root."


def named(here: Here) -> List[str]:
    """How ``jumpseat`` is typed here, where that is not its name."""
    return [] if here.program == "jumpseat" else [f"(`jumpseat` is: {here.program})"]


def _drift(here: Here, where: str) -> List[str]:
    if here.choices.drift is Drift.OFF:
        return item(_NOT_READ)
    lines = item(_READ.format(where=where))
    if here.trees:
        lines += item("The vendor wants the files in these directories read likewise:")
        lines += [line for tree in here.trees for line in exactly(tree, "    ")]
    if here.probes:
        lines += item("The vendor's own commands, run each time as the user before the bar:")
        for probe in here.probes:
            as_root = probe.as_root and here.protected
            lines += exactly(probe.shown, f"    {'root' if as_root else plain(here.user)} ")
    return lines


def _others(here: Here) -> str:
    wanted = here.choices.others
    there = wanted.where(as_root=here.as_root)
    return _OTHERS[there] if there is wanted else _NO_LOGINS + _OTHERS[there]


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
        *item("Holds on this host, which both sides see; they prevent slips, not attacks:"),
        *shown,
        *([f"    ! and {more} more"] if more > 0 else []),
    ]
