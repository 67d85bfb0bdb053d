"""Which commands probably made a change. Pure.

A guess, and shown as one: a command that ran in the time in which the change must have happened,
and that names what changed, its new value, or a program that makes such changes.
"""

from __future__ import annotations

import re
from typing import Dict, List, Mapping, Optional, Pattern, Sequence

from broker.recording.commands import Command
from broker.recording.drift import Change
from broker.recording.outcome import RUNNING

MOST = 3
"""So many commands are named beside one change."""

_NETWORK = "ip ifconfig route nmcli netplan ifup ifdown networkctl nmtui dhclient brctl ethtool"
_SERVICES = "systemctl service rc-service update-rc.d chkconfig svcadm initctl kill pkill killall"
_PROGRAMS: Mapping[str, Pattern[str]] = {
    area: re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, words.split()))})(?![\w-])")
    for area, words in {
        "links": _NETWORK,
        "addresses": _NETWORK,
        "routes": _NETWORK,
        "rules": _NETWORK,
        "resolver": f"{_NETWORK} resolvectl resolvconf",
        "sockets": f"{_SERVICES} nc socat python3",
        "firewall": "nft iptables ip6tables ufw firewall-cmd iptables-restore",
        "sysctl": "sysctl",
        "mounts": "mount umount swapon swapoff zfs exportfs",
        "pools": "zfs zpool lvcreate lvremove lvextend lvresize vgcreate vgextend mdadm",
        "services": _SERVICES,
        "timers": _SERVICES,
        "packages": "apt apt-get aptitude dpkg rpm yum dnf zypper pkg snap",
        "modules": "modprobe insmod rmmod",
        "users": "useradd adduser usermod userdel deluser groupadd groupmod groupdel passwd vipw",
        "sudoers": "visudo",
        "cron": "crontab",
        "system": "hostname hostnamectl timedatectl",
    }.items()
}
_WORD = re.compile(r"[\w.:/@-]+")
_DULL = frozenset({"dev", "via", "on", "of", "and", "the", "to", "in", "none", "up", "down"})
_NAMED, _VALUE, _PROGRAM, _MOMENT = 3, 2, 2, 2
_ENOUGH = 2
_MOST_SCORED = 300  # the newest: a day of work and a hundred changes would take seconds otherwise
_BEFORE_SECONDS, _AFTER_SECONDS = 3.0, 1.0


def suspects(
    change: Change, since: float, until: float, commands: Sequence[Command]
) -> List[Command]:
    """The commands that probably made this change, the likeliest few, in order of time.

    ``since`` and ``until`` bound when it happened, in session seconds.
    """
    scored: Dict[int, int] = {}
    within = [
        n
        for n, one in enumerate(commands)
        if one.line and one.since <= until and since <= _end(one)
    ]
    for index in within[-_MOST_SCORED:]:
        score = _score(change, commands[index])
        if score >= _ENOUGH:
            scored[index] = score
    likeliest = sorted(scored, key=lambda index: (-scored[index], -index))[:MOST]
    best = max(scored.values(), default=0)
    return [commands[index] for index in sorted(likeliest) if scored[index] > best // 2]


def _end(command: Command) -> float:
    """Until when it may have changed something; where nobody knows, as it began."""
    if command.over == RUNNING:
        return float("inf")
    return command.since if command.until is None else command.until


def _score(change: Change, command: Command) -> int:
    line = command.line
    words = set(_WORD.findall(line))
    pieces = {piece for word in words for piece in re.split(r"[/:@=]", word)} | words
    score = 0
    if _telling(change.subject) & pieces or (len(change.subject) > 2 and change.subject in line):
        score += _NAMED
    changed = _telling(change.after) ^ _telling(change.before)
    score += _VALUE * min(2, len(changed & pieces))
    programs = _PROGRAMS.get(change.area)
    if programs is not None and programs.search(line):
        score += _PROGRAM
    at = change.at
    if at is not None:
        soon = -_AFTER_SECONDS <= at - command.since <= _BEFORE_SECONDS
        # An editor is open for long, and so is a shell, which names nothing.
        if soon or (score and command.since <= at <= _end(command) + _AFTER_SECONDS):
            score += _MOMENT
    return score


def _telling(text: Optional[str]) -> "set[str]":
    """The words of a value that tell something, paths also by their last name."""
    words = {word for word in _WORD.findall(text or "") if word not in _DULL}
    return words | {word.rsplit("/", 1)[-1] for word in words if "/" in word and len(word) > 3}
