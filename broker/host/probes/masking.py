"""Secrets are masked in all that probes see, before anything is kept or told. Pure.

What can't be told from a secret is masked as well: a change that is not shown costs less than a
password that is. Each is replaced by ``MASK``; what stands around it stays.
"""

from __future__ import annotations

import re
from typing import Pattern, Sequence

MASK = "[secret]"

# One quick look for what any of the rules needs, so that most texts cost nothing more.
_MAYBE = re.compile(
    r"pass|secret|token|key|psk|credential|community|bearer|basic |-----begin|://|\$[0-9a-z]+\$"
    r"|akia|gh[opsu]_|eyj|com2sec|mysql|--?user|-u\b|[A-Za-z0-9+/]{42}",
    re.IGNORECASE,
)
_VALUE = r"""(?!\[secret\]|=|:)("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,;"'}\]]+)"""
KEY = (
    r"(?:password|passphrase|passcode|secret|token|api[_-]?key|access[_-]?key|auth[_-]?key"
    r"|private[_-]?key|preshared[_-]?key|pre[_-]shared[_-]key|secret[_-]?key|encryption[_-]?key"
    r"|wireless-key[0-9]?|psk|credentials?|community)"
)
_RULES = (
    # Blocks of PEM, also one whose end is missing.
    (
        r"(-----BEGIN [A-Z0-9 ]+-----)(?! \[secret\]).*?(?:-----END [A-Z0-9 ]+-----|\Z)",
        rf"\1 {MASK}",
        re.DOTALL,
    ),
    # Credentials in a URL.
    (r"(\b[a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s/@]+@", rf"\1{MASK}@", re.IGNORECASE),
    (r"(\b[a-z][a-z0-9+.-]*://)[^\s:/@]{12,}@", rf"\1{MASK}@", re.IGNORECASE),
    (r"\b(Bearer|Basic)\s+[\w.~+/=-]{8,}", rf"\1 {MASK}", re.IGNORECASE),
    # name = value, name: value, "name": "value", --name value.
    (rf"""({KEY}["']?\s*(?:=|:(?=[\s"'])|=>)\s*){_VALUE}""", "", re.IGNORECASE),
    (rf"(\s--?(?:[\w-]+-)?{KEY}\s+){_VALUE}", "", re.IGNORECASE),
    (rf"(?m)((?:^|[{{;])[ \t]*(?:[\w.-]+[_.-])?{KEY}[ \t]+){_VALUE}", "", re.IGNORECASE),
    (rf"""(pass(?:wd|wort)?["']?\s*(?:=|=>)\s*){_VALUE}""", "", re.IGNORECASE),
    (rf"""(["'](?:passwd|pass|pwd|key)["']\s*:\s*){_VALUE}""", "", re.IGNORECASE),
    (rf"(?m)((?:^|\s)(?:wpa-psk|wpa-passphrase|r[ow]community6?|keys?:)\s+){_VALUE}", "", 0),
    (rf"(?m)(^\s*com2sec6?\s+\S+\s+\S+\s+){_VALUE}", "", 0),
    (r"(\bmysql\w*\b[^\n|;]*?\s-p)(\S+)", "", 0),
    (r"(\s(?:-u|--user)[ =]?[^\s:]+:)(\S+)", "", 0),
    (r"(\bsshpass\s+-p\s*)(\S+)", "", 0),
    # What tells by itself that it is one: hashes of passwords, keys of well-known kinds.
    (r"\$(?:1|2[abxy]?|5|6|7|y|gy|argon2\w*|apr1)\$[^\s:]+", MASK, 0),
    (r"\bAKIA[0-9A-Z]{16}\b|\bgh[opsu]_\w{20,}|\bglpat-[\w-]{20,}|\bxox[abp]-[\w-]{10,}", MASK, 0),
    (r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*", MASK, 0),
    (r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=(?!=)", MASK, 0),
)
_COMPILED = tuple((re.compile(rule, flags), told) for rule, told, flags in _RULES)


def masked(text: str, own: Sequence[Pattern[str]] = ()) -> str:
    """``text`` without its secrets; ``own`` are patterns for more of them."""
    if _MAYBE.search(text):
        for rule, told in _COMPILED:
            text = rule.sub(told or _after_the_name, text)
    for pattern in own:
        text = pattern.sub(MASK, text)
    return text


def _after_the_name(found: "re.Match[str]") -> str:
    quote = found[2][0] if found[2][0] in "\"'" else ""
    return f"{found[1]}{quote}{MASK}{quote}"
