"""Rules of nftables and iptables, one fact each, without what counts packets. Pure."""

from __future__ import annotations

import hashlib
import re
from typing import Dict, List, Tuple

from broker.host.probes.probe import Subjects

NFT_MADE = "iptables (nft)"
"""Subjects of iptables that are told by nft begin with this."""

_COUNTED = re.compile(r" packets \d+ bytes \d+|(?<=bytes) used \d+ \w+| expires \w+| last used \w+")
_QUOTED = re.compile(r'"[^"]*"')
_ELEMENT = re.compile(r'(?:[^,"]|"[^"]*")+')
_POLICY = re.compile(r";?\s*policy (\w+);?$")
_IPTABLES_COUNTS = re.compile(r"\s*\[\d+:\d+\]\s*")
Found = Dict[str, Dict[str, str]]


def nft(_: str, text: str) -> Subjects:
    """``nft -s list ruleset``."""
    found: Found = {}
    ordered: Dict[str, List[str]] = {}
    blocks: List[str] = []
    for line in _statements(text):
        if line == "}":
            blocks.pop()
        elif line.endswith("{") and len(blocks) < 2:
            blocks.append(line[:-1].strip())
            if len(blocks) == 2:
                found[_name(blocks, whole=True)] = {
                    "": "no hook" if line[:5] == "chain" else "defined"
                }
        elif len(blocks) == 2:
            _statement(found, ordered, blocks, _COUNTED.sub("", line))
        elif blocks:
            word, _, value = line.partition(" ")
            found.setdefault(blocks[0], {"": "defined"})[word] = value
    for subject, rules in ordered.items():
        found[subject]["order"] = _order(rules)
    return found


def _statements(text: str) -> List[str]:
    """Lines, those joined that nft has broken inside of braces."""
    joined: List[str] = []
    pending, depth = "", 0
    for raw in text.splitlines():
        line = raw.strip()
        if not line or (line.startswith("#") and not pending):
            continue
        pending = f"{pending} {line}".strip()
        bare = _QUOTED.sub("", pending)
        is_block = bare.endswith("{") and bare.count("{") == 1 and depth < 2
        if is_block or bare == "}":
            depth += 1 if is_block else -1
        elif bare.count("{") > bare.count("}"):
            continue
        joined.append(pending)
        pending = ""
    if pending or depth:
        raise ValueError("its end is missing")
    return joined


def _statement(found: Found, ordered: Dict[str, List[str]], blocks: List[str], line: str) -> None:
    kind = blocks[1].split()[0]
    whole, inside = _name(blocks, whole=True), _name(blocks, whole=False)
    if kind == "chain" and line.startswith("type "):
        policy = _POLICY.search(line)
        found[whole][""] = _POLICY.sub("", line).rstrip("; ")
        if policy:
            found[whole]["policy"] = policy[1]
    elif kind == "chain":
        found.setdefault(inside, {})[line] = ""
        ordered.setdefault(inside, []).append(line)
    elif line.startswith("elements = {"):
        # What the packet path itself puts in comes and goes.
        if "dynamic" not in found[whole].get("flags", ""):
            elements = _ELEMENT.findall(line[len("elements = {") :].rstrip("} "))
            found.setdefault(inside, {}).update({one.strip(): "" for one in elements})
    elif kind in {"set", "map", "flowtable"}:
        word, _, value = line.partition(" ")
        if word == "type":
            found[whole][""] = line
        elif value:
            found[whole][word] = value.lstrip("= ")


def _name(blocks: List[str], *, whole: bool) -> str:
    table, (kind, _, name) = blocks[0].partition("table ")[2], blocks[1].partition(" ")
    return f"{kind} {table} {name}" if whole else f"{table} {name}"


def iptables(name: str, text: str) -> Subjects:
    """``iptables-save`` and ``ip6tables-save``."""
    found: Found = {}
    ordered: Dict[str, List[str]] = {}
    first = text.split("\n", 1)[0]
    prefix = name.replace("iptables", NFT_MADE) if "nf_tables" in first else name
    table = ""
    for line in (_IPTABLES_COUNTS.sub(" ", one).strip() for one in text.splitlines()):
        if line.startswith("*"):
            table = line[1:]
        elif line.startswith(":"):
            chain, policy = _first_two(line[1:])
            if policy == "-":
                found[f"chain {prefix} {table} {chain}"] = {"": "user-defined"}
            else:
                found.setdefault(f"{prefix} {table}", {})[f"{chain} policy"] = policy
        elif line.startswith("-A "):
            chain, rule = _first_two(line[3:])
            subject = f"{prefix} {table} {chain}"
            found.setdefault(subject, {})[rule] = ""
            ordered.setdefault(subject, []).append(rule)
    for subject, rules in ordered.items():
        found[subject]["order"] = _order(rules)
    return found


def _first_two(line: str) -> Tuple[str, str]:
    first, _, rest = line.partition(" ")
    return first, rest or "match all"


def _order(rules: List[str]) -> str:
    return hashlib.sha256("\n".join(rules).encode()).hexdigest()[:16]
