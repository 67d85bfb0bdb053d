"""Packing a session into a bundle: one zip file that replays and verifies anywhere."""

from __future__ import annotations

import hashlib
import json
import stat
import time
import zipfile
from dataclasses import dataclass, field
from typing import (
    AbstractSet,
    Any,
    BinaryIO,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    Sequence,
    Tuple,
)

from broker.evidence import bundle, replay_page
from broker.evidence.encryption import ENDING
from broker.evidence.readme import readme
from broker.evidence.source import Source, entries, in_order
from broker.evidence.verifying import Verified, as_json, verify
from broker.recording import away, commands, timeline
from broker.recording.statements import certificate, fingerprint, from_base64url
from broker.wire.names import RECEIPTS

_MODE = stat.S_IFREG | 0o600


@dataclass(frozen=True)
class Maker:
    """Who packs, and what they know that the session's files don't say."""

    by: str
    """``host`` or ``broker``."""
    at: float
    """Unix time."""
    keys: Sequence[Mapping[str, Any]]
    """The broker's keys as its API gives them, oldest first, as far as they are known."""
    trusted: AbstractSet[str]
    """Fingerprints of those that are known to be the broker's."""
    reports: Mapping[str, str] = field(default_factory=dict)
    """Texts that go beside the reports, by name."""


@dataclass(frozen=True)
class Packed:
    """What was packed: the session as it was verified meanwhile."""

    verified: Verified
    page: bool
    """Whether replay.html is in it."""


def pack(source: Source, maker: Maker, page: bytes, out: BinaryIO) -> Packed:
    """Write a bundle of ``source`` to ``out``, which need not be a file that can seek.

    ``page``: ``replay_page.template``. Reads every stream a few times; blocks for as long. Always
    in the same order. Raises Unreadable, and OSError of ``out``.
    """
    verified = verify(source, maker.trusted)
    told = {
        "format": bundle.FORMAT,
        "session": verified.session,
        "case": verified.about.case,
        "engineer": verified.about.engineer,
        "host": verified.about.host,
        "made": {"at": round(maker.at), "by": maker.by},
    }
    reports = {
        "timeline": timeline.as_json(timeline.tell(entries(source))),
        "away": away.tell(entries(source)),
        "commands": commands.tell(entries(source)),
        "evidence": as_json(verified),
    }
    with_page = _fits(source)
    streams = sorted(source.streams, key=lambda name: (name.endswith(ENDING), name))
    plain = in_order(source.streams)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as whole:
        to = _Writer(whole, maker.at)
        to.add(
            bundle.README,
            [readme(verified, told, maker.keys, maker.trusted, page=with_page).encode()],
        )
        if with_page:
            facts = {
                **told,
                "receipts": replay_page.encoded(source.receipts),
                "keys": list(maker.keys),
                "reports": reports,
            }
            pieces = {name: source.pieces(name) for name in plain}
            to.add(bundle.REPLAY, replay_page.filled(page, facts, pieces))
        to.add(bundle.SESSION, [_json(told)])
        to.add(bundle.CONSENT, [_consent(source).encode()])
        for name in [*plain, *streams[len(plain) :]]:
            to.add(bundle.STREAMS + name, source.pieces(name), source.streams[name])
        if source.receipts:
            to.add(RECEIPTS, [source.receipts])
        to.add(bundle.KEYS, [_json({"keys": list(maker.keys)})])
        for name, report in reports.items():
            to.add(f"{bundle.REPORTS}{name}.json", [_json(report)])
        for name, text in sorted(maker.reports.items()):
            to.add(f"{bundle.REPORTS}{name}.txt", [text.encode()])
        to.add(bundle.MANIFEST, [_json({"files": to.written})])
    return Packed(verified, with_page)


def keys_of(receipts: Iterable[bytes]) -> List[Dict[str, Any]]:
    """The keys that a receipts file names, as ``GET /api/keys`` gives them.

    ``receipts``: its lines. Of the first nobody says there since when it signs: 0.
    """
    found: Dict[str, Dict[str, Any]] = {}
    for line in receipts:
        try:
            body = json.loads(line[87:])
            if body["kind"] == "began":
                listed = [{"public": body["public"], "since": 0, "signature": ""}]
            elif body["kind"] == "key":
                listed = [certificate(one).as_json() for one in body["certificates"]]
            else:
                continue
            for one in listed:
                key = fingerprint(from_base64url(one["public"]))
                found.setdefault(key, {"key": key, **one})
        except (ValueError, LookupError, TypeError, RecursionError):
            continue
    return list(found.values())


class _Writer:
    """Adds files one after another; ``written``: each one's size and digest, for the manifest."""

    def __init__(self, whole: zipfile.ZipFile, at: float) -> None:
        self.written: Dict[str, Dict[str, Any]] = {}
        self._whole = whole
        self._date: Tuple[int, ...] = time.gmtime(max(at, 315532800.0))[:6]  # zip begins in 1980

    def add(self, name: str, pieces: Iterable[bytes], size: int = 0) -> None:
        info = zipfile.ZipInfo(name, self._date)  # type: ignore[arg-type] # six numbers
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = _MODE << 16
        info.create_system = 3  # unix, whatever runs this
        info.file_size = size
        digest, written = hashlib.sha256(), 0
        with self._whole.open(info, "w") as file:
            for piece in pieces:
                file.write(piece)
                digest.update(piece)
                written += len(piece)
        self.written[name] = {"size": written, "sha256": digest.hexdigest()}


def _fits(source: Source) -> bool:
    """Whether a page can replay it: it takes all streams, none of them encrypted, or no page."""
    if any(name.endswith(ENDING) for name in source.streams):
        return False
    sizes = sum(source.streams[name] for name in in_order(source.streams))
    return sizes + len(source.receipts) <= replay_page.MOST_BYTES


def _consent(source: Source) -> str:
    """The terms as they were shown and what was typed, as the log has them."""
    for entry in _first(source):
        if entry["event"] == "consented":
            text, answer = str(entry["text"]), str(entry["answer"])
            at = f"{float(entry['t']):.0f} s into the session"
            return f"{text}\n---\nTyped, {at}: {answer}\n"
    return "The session's log has no consent.\n"


def _first(source: Source) -> Iterator[Dict[str, Any]]:
    for n, entry in enumerate(entries(source)):
        if n > 1000:  # it is the second
            return
        yield entry


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()
