"""The kernel: release and command line, settings, modules. Pure."""

from __future__ import annotations

import re
from typing import Dict

from broker.host.probes.probe import Subjects

_FILES = {
    "/proc/sys/kernel/osrelease": "kernel",
    "/proc/cmdline": "kernel command line",
    "/proc/sys/kernel/hostname": "host name",
    "/proc/sys/kernel/domainname": "domain name",
}
# Settings that are none: they count, are drawn by chance, are secret, or say again what another
# probe tells (mtu, forwarding of all, host name).
_NOISE = re.compile(
    r"""kernel\.(random\..*|ns_last_pid|pty\.nr|hostname|domainname|osrelease|version
              |perf_event_max_sample_rate|cad_pid|keys\..*|sched_domain\..*)
    |fs\.(dentry-state|file-nr|inode-nr|inode-state|aio-nr|quota\..*|binfmt_misc\..*)
    |net\.netfilter\.nf_conntrack_count
    |net\.ipv6\.conf\..*\.(stable_secret|mtu)|net\.ipv4\.tcp_fastopen_key
    |net\.ipv4\.conf\.(all|.*)\.mc_forwarding|net\.ipv4\.conf\.all\.forwarding
    |net\.ipv6\.conf\..*\.mc_forwarding
    |dev\.cdrom\.info|sunrpc\.transports|fs\.nfs\..*state.*""",
    re.VERBOSE,
)


def system(path: str, text: str) -> Subjects:
    """Files of one value in ``/proc``."""
    value = " ".join(text.split())
    return {_FILES[path]: {"": value}} if value and value != "(none)" else {}


def sysctl(_: str, text: str) -> Subjects:
    """``sysctl -a``, without what is no setting."""
    found: Dict[str, str] = {}
    for line in text.splitlines():
        name, is_one, value = line.partition(" =")
        if is_one and not _NOISE.fullmatch(name):
            value = " ".join(value.split())
            found[name] = f"{found[name]}; {value}" if name in found else value
    return {name: {"": value or "empty"} for name, value in found.items()}


def modules(_: str, text: str) -> Subjects:
    """``/proc/modules``: names, without who uses them."""
    lines = [line.split() for line in text.splitlines()]
    if not all(len(fields) >= 6 for fields in lines):
        raise ValueError("no lines of modules")
    return {fields[0]: {"": "loaded"} for fields in lines}
