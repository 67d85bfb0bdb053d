"""Links, addresses, routes, rules, listening sockets, resolver. Pure.

Of ``ip`` the JSON is read. A version that has none says that it does not know ``-j``, and fails.
"""

from __future__ import annotations

import json
import re
from typing import Any, Dict, Iterator, List, Tuple

from broker.host.probes.probe import Subjects

_FIRST_PASSING_PORT = 32768
_RESOLVER_WORDS = {"search": "search list", "domain": "local domain"}
_PROGRAM = re.compile(r'\("((?:[^"\\]|\\.)*)",pid=')
_OF_NO_NOTE = frozenset({"local", "broadcast", "anycast", "multicast"})
# What of a rule is said in words of its own; the rest is said as it is called.
_RULE_WORDS = frozenset({"priority", "src", "srclen", "dst", "dstlen", "table", "protocol"})


def links(_: str, text: str) -> Subjects:
    """``ip -j -d link show``."""
    found = {}
    for link in _objects(text):
        flags = link.get("flags", [])
        state = "down" if "UP" not in flags else "up"
        if state == "up" and "NO-CARRIER" in flags:
            state = "up without carrier"
        facts = {
            "": state,
            "mtu": link.get("mtu"),
            "mac": link.get("address"),
            "master": link.get("master"),
            "kind": link.get("linkinfo", {}).get("info_kind"),
        }
        found[str(link["ifname"])] = {key: str(one) for key, one in facts.items() if one}
    return found


def addresses(_: str, text: str) -> Subjects:
    """``ip -j address show``; without those that a link gives itself, or changes every day."""
    found: Dict[str, Dict[str, str]] = {}
    for link in _objects(text):
        for one in link.get("addr_info", []):
            if "local" not in one or one.get("temporary"):
                continue
            if one.get("scope") == "link" and one.get("family") == "inet6":
                continue
            peer = f" peer {one['address']}" if "address" in one else ""
            duplicate = " (duplicate, not used)" if one.get("dadfailed") else ""
            address = f"{one['local']}{peer}/{one['prefixlen']}{duplicate}"
            found.setdefault(str(link["ifname"]), {})[address] = ""
    return found


def routes(_: str, text: str) -> Subjects:
    """``ip -4 -j route show table all``."""
    return _routes(text, "default route")


def routes6(_: str, text: str) -> Subjects:
    """``ip -6 -j route show table all``."""
    return _routes(text, "IPv6 default route")


def _routes(text: str, default: str) -> Subjects:
    """Without those that the kernel makes for each address and each link."""
    found: Dict[str, Dict[str, str]] = {}
    for route in _objects(text):
        table, kind = str(route.get("table", "main")), route.get("type", "unicast")
        if table == "local" or kind in _OF_NO_NOTE or route.get("protocol") == "kernel":
            continue
        subject = default if route["dst"] == "default" else f"route to {route['dst']}"
        if table != "main":
            subject = f"{subject} in table {table}"
        found.setdefault(subject, {})[_way(route, kind)] = ""
    return found


def _way(route: Dict[str, Any], kind: str) -> str:
    words = [] if kind == "unicast" else [str(kind)]
    for hop in [route, *route.get("nexthops", [])]:
        via = hop.get("via", {}).get("host") or hop.get("gateway")
        words += _named("via", via) + _named("dev", hop.get("dev"))
        if hop is not route:
            words += _named("weight", hop.get("weight"))
        if "onlink" in hop.get("flags", []):
            words.append("onlink")
    for name, called in (("from", "from"), ("prefsrc", "src"), ("metric", "metric")):
        words += _named(called, route.get(name))
    for metrics in route.get("metrics", []):
        words += [word for name, value in sorted(metrics.items()) for word in _named(name, value)]
    return " ".join(words) or "there"


def _named(name: str, value: object) -> List[str]:
    return [] if value in (None, "", 0) else [name, str(value)]


def rules(_: str, text: str) -> Subjects:
    """``ip -4 -j rule show``."""
    return _rules(text, "rule")


def rules6(_: str, text: str) -> Subjects:
    """``ip -6 -j rule show``."""
    return _rules(text, "IPv6 rule")


def _rules(text: str, called: str) -> Subjects:
    found: Dict[str, Dict[str, str]] = {}
    for rule in _objects(text):
        words = ["from", _range(rule, "src")]
        if "dst" in rule:
            words += ["to", _range(rule, "dst")]
        for name in sorted(rule.keys() - _RULE_WORDS):
            words += [name] if rule[name] is None else [name, str(rule[name])]
        if "table" in rule:
            words += ["lookup", str(rule["table"])]
        found.setdefault(f"{called} {rule['priority']}", {})[" ".join(words)] = ""
    return found


def _range(rule: Dict[str, Any], name: str) -> str:
    length = rule.get(f"{name}len")
    return str(rule.get(name, "all")) + ("" if length is None else f"/{length}")


def sockets(_: str, text: str) -> Subjects:
    """``ss -H -l -n -t -u -p``, without the ports that clients take for a moment."""
    found: Dict[str, Dict[str, str]] = {}
    for line in text.splitlines():
        columns = line.split(None, 6)
        if len(columns) < 6:
            raise ValueError("not as ss prints it")
        kind, address = columns[0], columns[4]
        port = address.rpartition(":")[2]
        if kind == "udp" and port.isdigit() and int(port) >= _FIRST_PASSING_PORT:
            continue
        programs = set(_PROGRAM.findall(columns[6])) if len(columns) > 6 else set()
        facts = found.setdefault(f"{kind} {address}", {"": ""})
        known = set(facts[""].split(", ")) - {""}
        facts[""] = ", ".join(sorted(known | programs))
    return {subject: {"": facts[""] or "some program"} for subject, facts in found.items()}


def resolver(path: str, text: str) -> Subjects:
    """``resolv.conf``: the system's, and the one that systemd-resolved passes questions on to."""
    prefix = "upstream " if path.startswith("/run/") else ""
    found: Dict[str, Dict[str, str]] = {}
    for word, value in _settings(text):
        found.setdefault(prefix + word, {})[value] = ""
    return found


def _settings(text: str) -> Iterator[Tuple[str, str]]:
    for line in text.splitlines():
        words = line.split()
        if not words or words[0][0] in "#;":
            continue
        if words[0] == "options":
            yield from (("resolver option", word) for word in words[1:])
        else:
            yield _RESOLVER_WORDS.get(words[0], words[0]), " ".join(words[1:])


def _objects(text: str) -> List[Dict[str, Any]]:
    """What ``ip -j`` prints: a list, or nothing; an empty object where a filter left one out."""
    found = json.loads(text) if text.strip() else []
    return [one for one in found if one]
