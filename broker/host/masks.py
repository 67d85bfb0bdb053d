"""What is masked of all that a terminal prints and of command lines, and how it is found. Pure.

A pattern is a beginning, which stays to be seen, and a body, which is masked. Both are looked for
on one line of text; a private key goes over several. What can't be told from a secret is masked.
"""

from __future__ import annotations

import re
from typing import Dict, List, Match, NamedTuple, Optional, Pattern, Sequence, Tuple

from broker.host.columns import cells
from broker.host.probes.masking import KEY

MASK = "•"
"""Stands for one cell of a terminal."""
MASKED = MASK * 3
"""Stands for a secret in a command line, whose length is nobody's business."""
PRIVATE_KEY = "private key"
_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_END = "-----END "
# One line of a key: what a listing may put before it, its characters, what a quote may put behind.
_KEY_LINE = re.compile(
    r"""(?:\\[nr]|[ \t|>:+\d"'])*[A-Za-z0-9+/=]*(?:\\[nr]+[A-Za-z0-9+/=]*)*[ \t\\"',;]*"""
)
_KEY_MORE = re.compile("[A-Za-z0-9+/=]+")
_HEADERS = ("Proc-Type:", "DEK-Info:", "Version:", "Comment:", "Charset:", "Hash:", "MessageID:")


class Mask(NamedTuple):
    """One pattern. ``needles``: in lower case, one of them is in every text that it fits."""

    name: str
    needles: Tuple[str, ...]
    whole: Pattern[str]
    cut: Optional[Pattern[str]]
    """Fits the end of a text that may become a fitting one, if more comes."""
    more: Tuple[Pattern[str], ...]
    """Fits what a body goes on with, for each group of ``whole``."""
    signs: str = ""
    """One of these characters is in every text that ``whole`` or ``cut`` fits, if there are any."""
    near: Optional[Pattern[str]] = None
    """Fits, in lower case, every text that ``whole`` or ``cut`` fits; it costs less to ask."""


class Found(NamedTuple):
    """A secret: where its beginning begins, where what is masked of it begins and ends."""

    name: str
    at: int
    start: int
    end: int
    more: Pattern[str]
    """Fits what goes on with it."""

    def moved(self, by: int) -> Found:
        """The same in a text that has so many more characters before it."""
        return self._replace(at=self.at + by, start=self.start + by, end=self.end + by)


def _mask(
    name: str,
    needles: str,
    before: str,
    body: str,
    least: int = 1,
    after: str = "",
    flags: int = 0,
    signs: str = "",
) -> Mask:
    """``after`` must follow the body; until it does, the body may go on."""
    whole = re.compile(f"{before}({body}{{{least},}}){after}", flags)
    most = "" if after else least - 1
    cut = re.compile(f"{before}({body}{{1,{most}}})\\Z", flags) if most != 0 else None
    # What does not end where its body does can't be told to go on.
    more = re.compile("(?!)" if after else f"(?:{body})+")
    return Mask(name, tuple(needles.split()), whole, cut, (more,), signs)


_ANY = re.IGNORECASE
_VALUE = r"""(?![=>])(?:"((?:[^"\\]|\\.?)+)|'([^']+)|([^\s"']+))"""
_VALUE_MORE = tuple(map(re.compile, (r"""[^"\\]+""", "[^']+", r"""[^\s"']+""")))
_OWN_VALUE = r"""[ ]?["']?([^\s"']+)"""
_KEYS = "pass secret token key psk credential community"


def _value(before: str, needles: str, signs: str, name: str = "password") -> Mask:
    whole = re.compile(before + _VALUE, _ANY | re.DOTALL)
    words = tuple(needles.split())
    # Where a name and its value are told apart by a sign, that stands soon after the name.
    named = signs == "=:"
    near = re.compile(f"(?:{'|'.join(words)})[^=:]{{0,20}}[=:]") if named else None
    return Mask(name, words, whole, None, _VALUE_MORE, signs, near)


DEFAULTS: Tuple[Mask, ...] = (
    _mask("AWS key", "akia asia", r"(?<![A-Za-z0-9])(?:AKIA|ASIA)", "[A-Z0-9]", 12),
    _mask(
        "GitHub token",
        "ghp_ gho_ ghr_ ghs_ ghu_ github_pat_",
        r"(?<![A-Za-z0-9])(?:gh[oprsu]_|github_pat_)",
        r"\w",
        10,
        signs="_",
    ),
    _mask("GitLab token", "glpat-", "(?<![A-Za-z0-9])glpat-", r"[\w.-]", 10, signs="-"),
    _mask("Slack token", "xox", r"(?<![A-Za-z0-9])xox[a-z]-", r"[\w-]", 10, signs="-"),
    _mask(
        "Stripe key",
        "_live_ _test_",
        "(?<![A-Za-z0-9])[sr]k_(?:live|test)_",
        "[A-Za-z0-9]",
        10,
        signs="_",
    ),
    _mask("Google key", "aiza", "(?<![A-Za-z0-9])AIza", r"[\w-]", 16),
    _mask("JSON web token", "eyj", r"(?<![\w-])eyJ", r"[\w.-]", 16),
    _mask(
        "authorization",
        "authorization",
        r"""\bauthorization["']?[ ]?[=:][ ]?["']?(?:bearer|basic|digest|token)[ ]{1,3}""",
        r"""[^\s"']""",
        flags=_ANY,
        signs="=:",
    ),
    _mask("authorization", "bearer", r"\bbearer[ ]+", r"[\w.~+/=-]", 10, flags=_ANY, signs=" "),
    _mask(
        "password in a URL",
        "://",
        r"\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@\"']{0,64}:",
        r"""[^\s/"']""",
        after="(?=@)",
        flags=_ANY,
        signs=":",
    ),
    # name=value, name: value, "name": "value"; not NAME: in columns, such as a password: field.
    _value(
        rf"""(?:{KEY}["']?[ \t]{{0,8}}(?:={{1,3}}>?|:=?)"""
        r"|(?<![a-z])(?:pass|passwd|passwort|mysql_pwd|sshpass)={1,3})[ \t]{0,8}",
        _KEYS + " mysql_pwd",
        "=:",
    ),
    _value(rf"(?<!\S)--?(?:[\w-]{{1,30}}-)?(?:{KEY}|passwd|pass)[ \t]{{1,8}}(?!-)", _KEYS, "-"),
    _value(r"\bmysql\w*\s[^\n|;]{0,200}?(?<=\s)-p(?=\S)", "mysql", "-"),
    _value(r"\bsshpass\s{1,3}-p[ \t]{0,3}", "sshpass", "-"),
    _value(r"\bcurl\s[^\n|;]{0,200}?(?<=\s)(?:-u|--user)[ =]?[^\s:\"']{1,64}:", "curl", "-"),
)
"""What is masked for every customer, beside private keys."""
KEY_NEEDLE = "-----begin"


def needles(masks: Sequence[Mask]) -> Dict[str, str]:
    """The fewest needles that tell of all these masks, and of private keys; for each, its signs."""
    every: Dict[str, List[str]] = {KEY_NEEDLE: ["-"]}
    for mask in masks:
        for needle in mask.needles:
            every.setdefault(needle, []).append(mask.signs)
    fewest = {}
    for one in sorted(every):
        if not any(other in one for other in every if other != one):
            signs = [sign for other, some in every.items() if one in other for sign in some]
            fewest[one] = "".join(sorted(set("".join(signs)))) if all(signs) else ""
    return fewest


def own(text: str) -> Mask:
    """What masks that which follows this literal text, up to white space or a quote."""
    needle = max(re.findall("[\0-\x7f]+", text), key=len, default="")
    # A character that takes two cells stands in both.
    shown = "".join(re.escape(char) + "{1,2}" * (cells(char) > 1) for char in text)
    whole = re.compile(shown + _OWN_VALUE, _ANY)
    return Mask(text, (needle.lower(),), whole, None, _VALUE_MORE[2:])


def of_nonce(nonce: str) -> List[Mask]:
    """What masks the halves of a nonce, should a shell show the variables in which it has them."""
    half = len(nonce) // 2
    return [
        _mask("nonce", one[:6], f"(?<![0-9a-f]){one[:6]}", "[0-9a-f]", half - 6)
        for one in (nonce[:half], nonce[half:])
    ]


def fitting(text: str, masks: Sequence[Mask]) -> List[Mask]:
    """Those that may fit this text, by their needles: asked for each key, and rarely any."""
    low = text.lower()
    some = []
    for mask in masks:
        for needle in mask.needles:
            if needle in low:
                if mask.near is None or mask.near.search(low) is not None:
                    some.append(mask)
                break
    return some


def found(text: str, masks: Sequence[Mask], since: int = 0) -> List[Found]:
    """The secrets in a line of text that begin from ``since`` on. ``masks``: those ``fitting``."""
    return [_found(mask, one) for mask in masks for one in mask.whole.finditer(text, since)]


def cut(text: str, masks: Sequence[Mask], since: int, end: int) -> Optional[Found]:
    """What the text before ``end`` may be the beginning of: the body that begins first."""
    may_be = [
        _found(mask, one)
        for mask in masks
        if mask.cut is not None
        for one in [mask.cut.search(text, since, end)]
        if one is not None
    ]
    return min(may_be, key=lambda one: one.start, default=None)


def _found(mask: Mask, one: Match[str]) -> Found:
    group = one.lastindex or 1
    return Found(mask.name, one.start(), *one.span(group), mask.more[group - 1])


def keys_in(text: str, *, within: bool) -> Tuple[List[Found], bool]:
    """The parts of private keys in one line of text, and whether the next line goes on with one.

    ``within``: the line before does so.
    """
    parts: List[Found] = []
    at = 0
    while True:
        if not within:
            begin = _BEGIN.search(text, at)
            if begin is None:
                return parts, False
            at = begin.end()
        end, within = _key_part(text, at)
        if end > at:
            parts.append(Found(PRIVATE_KEY, at, at, end, _KEY_MORE))
        if within:
            return parts, True
        at = end


def _key_part(text: str, at: int) -> Tuple[int, bool]:
    """Where this line's part of a key ends, and whether the key goes on behind the line."""
    line = _KEY_LINE.match(text, at)
    end = at if line is None else line.end()
    rest = text[end:]
    if not rest:
        return end, True
    head = text[at:].lstrip()
    if any(head.startswith(one) or one.startswith(head) for one in _HEADERS):
        return len(text), True
    if rest.startswith(_END):
        return end, "-----" not in rest[len(_END) :]
    return end, _END.startswith(rest)


def mask_text(text: str, masks: Sequence[Mask] = DEFAULTS) -> str:
    """Command lines without their secrets, each of which becomes ``MASKED``."""
    masks = fitting(text, masks)
    if not masks and KEY_NEEDLE not in text.lower():
        return text
    within = False
    lines = []
    for line in text.split("\n"):
        parts, within = keys_in(line, within=within)
        lines.append(_without(line, [*found(line, masks), *parts]))
    return "\n".join(lines)


def mask_string(sequence: str, masks: Sequence[Mask]) -> str:
    """A control string (ECMA-48), such as a title, without the secrets in it."""
    end = sequence.index("\a") if sequence.endswith("\a") else len(sequence) - 2
    return sequence[:2] + mask_text(sequence[2:end], masks) + sequence[end:]


def mask_argv(argv: Sequence[str], masks: Sequence[Mask] = DEFAULTS) -> List[str]:
    """A program's arguments without their secrets; one that follows its name is one argument."""
    whole = " ".join(one.replace("\n", " ") for one in argv)
    secrets = found(whole, fitting(whole, masks))
    kept = []
    at = 0
    for one in argv:
        end = at + len(one)
        if any(secret.start == at and secret.end > at for secret in secrets):
            kept.append(MASKED)
        else:
            kept.append(mask_text(one, masks))
            inner = [
                s.moved(-at)._replace(end=len(one))
                for s in secrets
                if at < s.start < end and s.at < at
            ]
            if inner:
                kept[-1] = _without(one, inner)
        at = end + 1
    return kept


def _without(text: str, secrets: Sequence[Found]) -> str:
    kept = []
    at = 0
    for secret in sorted(secrets, key=lambda one: one.start):
        if secret.end > at:
            if secret.start >= at:
                kept.append(text[at : secret.start] + MASKED)
            at = secret.end
    return "".join(kept) + text[at:]
