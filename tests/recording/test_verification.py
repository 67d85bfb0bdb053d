from __future__ import annotations

import hashlib

import pytest

from broker.recording.receipts import Code, read
from broker.recording.verification import (
    Bytes,
    Ciphertext,
    Finding,
    Judgement,
    Verdict,
    as_json,
    judge,
    offsets,
    session_named,
)
from tests.recording.receipts_made import ONE, SESSION, TWO, Signer

LOG, CAST = "run-1.log", "run-1.terminal-1.cast"
STREAMS = {LOG: b"started\nended\n", CAST: b"header\nhello\n"}
TRUSTED = frozenset({ONE.fingerprint})


def honest() -> Signer:
    signer = Signer().begins().links().holds(LOG, b"started\n").holds(CAST, STREAMS[CAST])
    return signer.holds(LOG, STREAMS[LOG])


def judged(
    receipts: bytes,
    streams: dict[str, bytes],
    trusted: frozenset[str] = TRUSTED,
    sealed: dict[str, Ciphertext] | None = None,
) -> Judgement:
    found = read(SESSION, receipts)
    there = {
        name: Bytes(
            len(data),
            {at: hashlib.sha256(data[:at]).hexdigest() for at in offsets(found).get(name, ())},
            SESSION if name == LOG else None,
        )
        for name, data in streams.items()
    }
    return judge(found, {**there, **(sealed or {})}, trusted)


def places(judgement: Judgement) -> list[tuple[str, str, int, int]]:
    return [(one.code.value, one.stream, one.offset, one.line) for one in judgement.findings]


def test_what_the_broker_held_to_the_end_is_verified() -> None:
    found = judged(honest().completes().file, STREAMS)
    assert (found.verdict, found.findings, found.complete) == (Verdict.VERIFIED, (), True)
    assert found.keys == (ONE.fingerprint,)
    assert as_json(found)["verdict"] == "VERIFIED"


@pytest.mark.parametrize(
    ("streams", "code", "stream", "offset"),
    [
        ({**STREAMS, LOG: b"Started\nended\n"}, Code.DIGEST, LOG, 8),
        ({**STREAMS, LOG: b"started\nEnded\n"}, Code.DIGEST, LOG, 14),
        ({**STREAMS, LOG: b"started\nende"}, Code.STREAM_SHORT, LOG, 12),
        ({LOG: STREAMS[LOG]}, Code.STREAM_MISSING, CAST, 0),
        ({**STREAMS, LOG: b"started\nended\nmore\n"}, Code.COMPLETE, LOG, 14),
        ({**STREAMS, "run-2.log": b"started\n"}, Code.COMPLETE, "run-2.log", 0),
    ],
)
def test_what_contradicts_is_rejected_at_its_place(
    streams: dict[str, bytes], code: Code, stream: str, offset: int
) -> None:
    found = judged(honest().completes().file, streams)
    assert found.verdict is Verdict.REJECTED
    first = found.findings[0]
    assert (first.code, first.stream, first.offset) == (code, stream, offset)


def test_a_log_of_another_session_is_rejected() -> None:
    found = read(SESSION, b"")
    for named in ("s2", ""):
        other = judge(found, {LOG: Bytes(5, {}, named)}, TRUSTED)
        assert places(other)[0] == ("session", LOG, 0, 0)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        (b'{"t": 0.0, "event": "started", "session": "s1"}\n', "s1"),
        (b'{"t": 0.0, "event": "started", "session": "s1"}', None),
        (b"", None),
        (b"{}\n", ""),
        (b"[1]\n", ""),
        (b'"session"\n', ""),
        (b'{"session": 5}\n', ""),
        (b'{"session": "s1", "t": NaN}\n', ""),
        (b'\xef\xbb\xbf{"session": "s1"}\n', ""),
        (b'{"session": "\xff"}\n', ""),
        (b"[" * 5000 + b"\n", ""),
    ],
)
def test_what_a_log_says_that_it_is_of(line: bytes, named: str | None) -> None:
    assert session_named(line) == named


def test_what_no_receipt_speaks_for_is_unanchored() -> None:
    assert places(judged(honest().file, STREAMS)) == [("not-complete", "", 0, 0)]
    assert places(judged(b"", STREAMS)) == [
        ("beyond-receipts", LOG, 0, 0),
        ("beyond-receipts", CAST, 0, 0),
        ("no-receipts", "", 0, 0),
    ]
    assert places(judged(honest().file, {**STREAMS, LOG: STREAMS[LOG] + b"x\n"})) == [
        ("beyond-receipts", LOG, 14, 0),
        ("not-complete", "", 0, 0),
    ]
    stranger = judged(honest().completes().file, STREAMS, frozenset({TWO.fingerprint}))
    assert places(stranger) == [("untrusted-key", "", 0, 0)]
    assert (stranger.verdict, stranger.trusted) == (Verdict.UNANCHORED, False)


def test_a_key_on_either_side_of_a_rotation_anchors_all() -> None:
    receipts = honest().rotates(TWO).completes().file
    for key in (ONE, TWO):
        assert judged(receipts, STREAMS, frozenset({key.fingerprint})).verdict is Verdict.VERIFIED


def test_a_bad_line_is_all_that_is_told() -> None:
    receipts = honest().completes().file.replace(b'"run":1', b'"run":2')
    found = judged(receipts, STREAMS)
    assert found.verdict is Verdict.REJECTED
    assert places(found) == [("chain", "", 0, 3)]


def test_a_tombstone_stands_for_what_was_deleted() -> None:
    receipts = honest().completes().says("deleted", by="retention", why="a year has passed").file
    found = judged(receipts, {})
    assert places(found) == [("deleted", "", 0, 7)]
    assert "a year has passed" in found.findings[0].says
    # Whoever kept a copy can still have it judged.
    assert judged(receipts, {**STREAMS, LOG: b"Started\nended\n"}).verdict is Verdict.REJECTED


def test_ciphertext_is_compared_with_what_was_sealed() -> None:
    sealed = Ciphertext(99, "a" * 64)
    receipts = (
        honest()
        .completes()
        .says("sealed", stream=CAST, size=99, sha256="a" * 64, recipients=["age1x"])
        .file
    )
    log = {LOG: STREAMS[LOG]}
    assert places(judged(receipts, log, sealed={CAST: sealed})) == [("sealed", CAST, 0, 0)]
    other = judged(receipts, log, sealed={CAST: Ciphertext(99, "b" * 64)})
    assert places(other) == [("sealed-digest", CAST, 0, 7)]
    assert other.verdict is Verdict.REJECTED
    assert judged(receipts, STREAMS).verdict is Verdict.VERIFIED


def test_findings_that_contradict_come_first() -> None:
    found = judged(honest().file, {LOG: STREAMS[LOG] + b"x\n"})
    assert [one.verdict for one in found.findings] == [
        Verdict.REJECTED, Verdict.UNANCHORED, Verdict.UNANCHORED,
    ]  # fmt: skip
    assert isinstance(found.findings[0], Finding)
