"""A session of the size of a thumb: streams and what a broker signed for of them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

from broker.evidence.folder import Folder
from broker.evidence.packing import Maker, keys_of, pack
from broker.recording import session_log
from broker.recording.asciicast import Encoder
from broker.recording.receipts import lines
from tests.recording.receipts_made import ONE, Signer

SESSION = "s1"
LOG, CAST = "run-1.log", "run-1.terminal-1.cast"
KNOWN = frozenset({ONE.fingerprint})
AT = 1_700_000_100.0
PAGE = (
    b'<!doctype html><script type="application/json" id="evidence"></script><p>Replay of a test</p>'
)
"""Stands for the built page where a test is not about it."""


def log(session: str = SESSION, *, ended: bool = True) -> bytes:
    account = {"uid": 1000, "user": "carol", "program": "/bin/sh"}
    grant = {
        "mode": "control",
        "until": 7200.0,
        "away": "pause",
        "page": "off",
        "terminals": 1,
        "case": "disk <full>",
        "engineer": "alice",
    }
    said = [
        session_log.encode(
            0.0, "started", format=1, session=session, run=1, wall=AT, boot="b", version="t",
            host="web1", recorder=account, shell=account, protected=False, grant=grant,
        ),
        session_log.encode(0.1, "consented", text="The terms", text_sha256="", answer="I agree"),
        session_log.encode(0.5, "opened", terminal=CAST, cols=80, rows=24),
        session_log.encode(5.0, "gap", since=3.0, until=5.0, cause="disk-full"),
    ]  # fmt: skip
    if ended:
        said.append(session_log.encode(9.0, "ended", by="customer", why="exit"))
    return b"".join(said)


def cast() -> bytes:
    encoder = Encoder()
    head = encoder.header(80, 24, AT, {}, "t")
    return head + b"".join(encoder.output(t, b"hello </script> %d\r\n" % t) for t in range(1, 9))


def signed(session: str = SESSION) -> Signer:
    """Receipts for all of it, but not the session's end."""
    signer = Signer(session=session).begins().links(0.0)
    for size in (len(log()) // 2, len(log())):
        signer.holds(LOG, log(session)[:size])
    return signer.holds(CAST, cast()[:100]).holds(CAST, cast())


def folder(path: Path, receipts: bytes, **streams: bytes) -> Path:
    """A folder with the session's streams; ``log`` and ``cast`` take their places."""
    path.mkdir()
    (path / LOG).write_bytes(streams.get("log", log()))
    (path / CAST).write_bytes(streams.get("cast", cast()))
    if receipts:
        (path / "receipts").write_bytes(receipts)
    (path / "session.json").write_text(json.dumps({"token": "canary-1", "page_key": "canary-2"}))
    return path


def bundle(path: Path, place: Path, page: bytes = PAGE) -> Path:
    """The bundle of a folder."""
    source = Folder(place)
    out = io.BytesIO()
    pack(source, Maker("host", AT, keys_of(lines(source.receipts)), KNOWN), page, out)
    path.write_bytes(out.getvalue())
    return path


def repacked(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """Change what is in a bundle, as somebody would who knows how zip files are written."""
    with zipfile.ZipFile(path) as whole:
        members = {name: whole.read(name) for name in whole.namelist()}
    change(members)
    changed = path.with_name(f"changed-{path.name}")
    with zipfile.ZipFile(changed, "w") as whole:
        for name, data in members.items():
            whole.writestr(name, data)
    return changed
