"""The probes that hosts are looked at with: those for every host, and a vendor's own. Pure."""

from __future__ import annotations

import re
from typing import Mapping, Tuple

from broker.host.probes.parsers import (
    accounts,
    firewall,
    kernel,
    network,
    packages,
    storage,
    texts,
    units,
)
from broker.host.probes.probe import Parser, Probe
from broker.recording.watched import VendorProbe

_ACCOUNTS = tuple(
    f"/etc/{name}{end}"
    for name in ("passwd", "shadow", "group", "gshadow", "subuid", "subgid")
    for end in ("", "-")
)
_RESOLVER = ("/etc/resolv.conf", "/run/systemd/resolve/resolv.conf")
_SUDOERS = ("/etc/sudoers", "/etc/sudoers.d/*")
_CRON = (
    "/etc/crontab",
    "/etc/cron.d/*",
    "/etc/anacrontab",
    "/var/spool/cron/crontabs/*",
    "/var/spool/cron/*",
)
# Text of these is kept, and of no others; a file of settings that may hold passwords, masked.
TEXTS = (
    "/etc/hosts",
    "/etc/hosts.allow",
    "/etc/hosts.deny",
    "/etc/hostname",
    "/etc/fstab",
    "/etc/exports",
    "/etc/exports.d/*.exports",
    "/etc/nfs.conf",
    "/etc/nsswitch.conf",
    "/etc/network/interfaces",
    "/etc/network/interfaces.d/*",
    "/etc/netplan/*.yaml",
    "/etc/sysctl.conf",
    "/etc/sysctl.d/*.conf",
    "/etc/ntp.conf",
    "/etc/chrony.conf",
    "/etc/chrony/chrony.conf",
    "/etc/systemd/timesyncd.conf",
)
_IP4, _IP6 = ("ip", "-4", "-j"), ("ip", "-6", "-j")
_SHOW = ("systemctl", "show", "-p", "Id,LoadState,ActiveState,UnitFileState,TriggeredBy")
_LIST = ("systemctl", "list-unit-files", "--no-legend", "--no-pager", "--full")
_LVM = ("--noheadings", "--units", "b", "--separator", "\t", "-o")

NEEDED = {"packages": "neither dpkg-query nor rpm", "firewall": "neither nft nor iptables-save"}
"""Areas of which one of the optional probes has to see something, and what is missing else."""

PROBES: Tuple[Probe, ...] = (
    Probe("kernel", "system", kernel.system, files=("/proc/sys/kernel/osrelease", "/proc/cmdline")),
    Probe(
        "host name",
        "system",
        kernel.system,
        files=("/proc/sys/kernel/hostname", "/proc/sys/kernel/domainname"),
        covers=("/etc/hostname",),
    ),
    Probe("links", "links", network.links, ("ip", "-j", "-d", "link", "show")),
    Probe("addresses", "addresses", network.addresses, ("ip", "-j", "address", "show")),
    Probe("routes", "routes", network.routes, (*_IP4, "route", "show", "table", "all")),
    Probe("IPv6 routes", "routes", network.routes6, (*_IP6, "route", "show", "table", "all")),
    Probe("rules", "rules", network.rules, (*_IP4, "rule", "show")),
    Probe("IPv6 rules", "rules", network.rules6, (*_IP6, "rule", "show")),
    Probe("resolver", "resolver", network.resolver, files=_RESOLVER, covers=("/etc/resolv.conf",)),
    Probe(
        "listening sockets",
        "sockets",
        network.sockets,
        ("ss", "-H", "-l", "-n", "-t", "-u", "-p"),
        without_root="the names of other users' programs",
    ),
    Probe("nft", "firewall", firewall.nft, ("nft", "-s", "list", "ruleset"), optional=True),
    Probe("iptables", "firewall", firewall.iptables, ("iptables-save",), optional=True),
    Probe("ip6tables", "firewall", firewall.iptables, ("ip6tables-save",), optional=True),
    Probe(
        "kernel settings",
        "sysctl",
        kernel.sysctl,
        ("sysctl", "-a"),
        partial=True,
        without_root="the settings that only root may read",
    ),
    Probe("mounts", "mounts", storage.mounts, files=("/proc/self/mountinfo",)),
    Probe("swap", "mounts", storage.swaps, files=("/proc/swaps",)),
    Probe(
        "zfs pools",
        "pools",
        storage.zpools,
        ("zpool", "list", "-H", "-o", "name,health,size,readonly"),
        optional=True,
    ),
    Probe(
        "zfs datasets",
        "pools",
        storage.datasets,
        ("zfs", "list", "-H", "-t", "filesystem,volume", "-o",
         "name,type,mountpoint,mounted,quota,reservation,readonly"),
        optional=True,
    ),
    Probe(
        "lvm volumes",
        "pools",
        storage.volumes,
        ("lvs", *_LVM, "lv_full_name,lv_size,segtype,lv_active"),
        optional=True,
    ),
    Probe(
        "lvm groups",
        "pools",
        storage.groups,
        ("vgs", *_LVM, "vg_name,vg_size,pv_count,vg_missing_pv_count"),
        optional=True,
    ),
    Probe("arrays", "pools", storage.arrays, files=("/proc/mdstat",)),
    Probe("services", "services", units.states, (*_SHOW, "*.service", "*.socket")),
    # One for both: systemctl reads every unit's file for each list.
    Probe(
        "services and timers at boot",
        "services",
        units.at_boot,
        (*_LIST, "--type=service,socket,timer"),
        covers_links=("/etc/systemd/system/*",),
    ),
    Probe("timers", "timers", units.states, (*_SHOW, "*.timer")),
    Probe(
        "packages (dpkg)",
        "packages",
        packages.dpkg,
        ("dpkg-query", "-W", "-f", "${binary:Package}\\t${Version}\\t${db:Status-Abbrev}\\n"),
        optional=True,
    ),
    Probe(
        "packages (rpm)",
        "packages",
        packages.rpm,
        ("rpm", "-qa", "--qf", "%{NAME}.%{ARCH}\\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\n"),
        optional=True,
    ),
    Probe("kernel modules", "modules", kernel.modules, files=("/proc/modules",)),
    Probe("users", "users", accounts.users, files=("/etc/passwd",), covers=_ACCOUNTS),
    Probe("groups", "users", accounts.groups, files=("/etc/group",), covers=_ACCOUNTS),
    Probe("sudoers", "sudoers", texts.sudoers, files=_SUDOERS, covers=_SUDOERS),
    Probe("cron", "cron", texts.lines, files=_CRON, covers=_CRON),
    Probe("settings", "files", texts.lines, files=TEXTS, covers=TEXTS),
)  # fmt: skip

_PARSERS: Mapping[str, Parser] = {
    "lines": texts.printed,
    "pairs": texts.pairs,
    "text": texts.whole,
    "json": texts.tree,
}
"""Those of ``recording.watched``, by name."""


def of_vendor(wanted: VendorProbe) -> Probe:
    """What runs a probe of the vendor's."""
    return Probe(
        wanted.name,
        wanted.area,
        _PARSERS[wanted.parser],
        wanted.command,
        timeout=wanted.timeout,
        secret=tuple(re.compile(pattern) for pattern in wanted.secret),
        as_user=not wanted.as_root,
    )
