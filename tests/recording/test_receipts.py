from __future__ import annotations

import hashlib

import pytest

from broker.recording.receipts import TRANSITIONS, BadReceipts, Chain, Code, Phase, lines, read
from broker.recording.statements import FIELDS, to_base64url
from tests.recording.receipts_made import ONE, SESSION, THREE, TWO, Key, Signer

LOG, CAST = "run-1.log", "run-1.terminal-1.cast"


def whole() -> Signer:
    signer = Signer().begins().links(1.5)
    return signer.holds(LOG, b"a\n").holds(CAST, b"header\n").holds(LOG, b"a\nb\n").completes()


def test_a_chain_is_read_back() -> None:
    found = read(SESSION, whole().file)
    assert found.bad is None
    assert [one.kind for one in found.statements] == [
        "began", "linked", "receipt", "receipt", "receipt", "complete",
    ]  # fmt: skip
    assert found.chain.complete == {LOG: 4, CAST: 7}
    assert found.chain.phase is Phase.COMPLETE
    assert found.chain.size == len(whole().file)
    assert found.chain.signers == [(ONE.fingerprint, ONE.public)]
    assert found.statements[4].fields["sha256"] == hashlib.sha256(b"a\nb\n").hexdigest()


def test_an_empty_file_is_a_chain_of_nothing() -> None:
    assert read(SESSION, b"").chain.phase is Phase.EMPTY


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("kind", FIELDS)
def test_what_may_be_said_when(phase: Phase, kind: str) -> None:
    signer = Signer()
    if phase is not Phase.EMPTY:
        signer.begins().holds(LOG, b"a\n")
    if phase is Phase.COMPLETE:
        signer.completes()
    if phase is Phase.DELETED:
        signer.says("deleted", by="retention", why="a year has passed")
    certificate = ONE.certify(TWO).as_json()
    every: dict[str, dict[str, object]] = {
        "began": {"public": to_base64url(ONE.public)},
        "linked": {"run": 1, "t": 5},
        "receipt": {"stream": LOG, "offset": 9, "sha256": "0" * 64},
        "key": {"public": to_base64url(TWO.public), "certificates": [certificate]},
        "complete": {"streams": {LOG: 2}},
        "sealed": {"stream": LOG, "size": 9, "sha256": "0" * 64, "recipients": []},
        "deleted": {"by": "retention", "why": "a year has passed"},
    }
    fields = every[kind]
    if kind == "key":
        signer.key = TWO
    if (phase, kind) in TRANSITIONS:
        signer.says(kind, **fields)
        assert signer.chain.phase is TRANSITIONS[phase, kind]
    else:
        with pytest.raises(BadReceipts) as bad:
            signer.says(kind, **fields)
        assert bad.value.code is Code.ORDER


def test_a_key_is_followed_by_one_that_it_vouched_for() -> None:
    signer = Signer().begins().holds(LOG, b"a\n").rotates(TWO).holds(LOG, b"a\nb\n")
    found = read(SESSION, signer.rotates(THREE).completes().file)
    assert found.bad is None
    assert [key for key, _ in found.chain.signers] == [
        ONE.fingerprint, TWO.fingerprint, THREE.fingerprint,
    ]  # fmt: skip


def test_keys_that_were_never_used_here_are_in_between() -> None:
    signer = Signer().begins()
    signer.key = THREE
    certificates = [ONE.certify(TWO).as_json(), TWO.certify(THREE).as_json()]
    signer.says("key", public=to_base64url(THREE.public), certificates=certificates)
    assert read(SESSION, signer.file).bad is None


@pytest.mark.parametrize(
    "certificates",
    [
        [TWO.certify(THREE).as_json()],
        [ONE.certify(TWO).as_json()],
        [THREE.certify(THREE).as_json()],
        [{**ONE.certify(THREE).as_json(), "since": 5}],
    ],
)
def test_a_key_that_nobody_vouched_for_is_none(certificates: list[dict[str, object]]) -> None:
    signer = Signer().begins()
    signer.key = THREE
    with pytest.raises(BadReceipts) as bad:
        signer.says("key", public=to_base64url(THREE.public), certificates=certificates)
    assert bad.value.code is Code.KEY


def changed(n: int, old: bytes, new: bytes) -> tuple[Code, int]:
    """What is found where one line says something else."""
    there = lines(whole().file)
    assert old in there[n - 1]
    there[n - 1] = there[n - 1].replace(old, new)
    bad = read(SESSION, b"".join(there)).bad
    assert bad is not None
    return bad.code, bad.line


def test_a_line_that_was_changed_is_found_by_the_next() -> None:
    assert changed(3, b'"offset":2', b'"offset":1') == (Code.CHAIN, 4)
    assert changed(6, b'"time":17', b'"time":18') == (Code.SIGNATURE, 6)
    assert changed(2, b'"t":1500', b'"t": 1500') == (Code.MALFORMED, 2)
    assert changed(2, b'"t":1500', b'"t":1500.0') == (Code.MALFORMED, 2)
    assert changed(2, b'"n":2', b'"n":3') == (Code.CHAIN, 2)
    assert changed(1, b'"s1"', b'"s2"') == (Code.SESSION, 1)
    assert changed(6, b"\n", b"") == (Code.MALFORMED, 6)
    assert changed(6, b"\n", b"\nx") == (Code.MALFORMED, 7)


def test_the_bits_of_base64_that_mean_nothing_are_read_as_well() -> None:
    there = lines(whole().file)
    last = there[-1]
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = alphabet[alphabet.index(last[85:86]) ^ 1]
    there[-1] = last[:85] + bytes([other]) + last[86:]
    bad = read(SESSION, b"".join(there)).bad
    assert bad is not None
    assert (bad.code, bad.line) == (Code.MALFORMED, 6)


def test_nobody_signs_as_somebody_else() -> None:
    signer = Signer().begins()
    signer.key = Key(9)
    with pytest.raises(BadReceipts) as bad:
        signer.links()
    assert bad.value.code is Code.KEY


def test_a_stream_never_shrinks_and_complete_names_all() -> None:
    signer = Signer().begins().holds(LOG, b"a\nb\n")
    with pytest.raises(BadReceipts) as bad:
        signer.holds(LOG, b"a\n")
    assert bad.value.code is Code.OFFSET
    for streams in ({}, {LOG: 3}, {LOG: 4, CAST: 1}):
        with pytest.raises(BadReceipts) as bad:
            signer.says("complete", streams=streams)
        assert bad.value.code is Code.COMPLETE
    signer.says("complete", streams={LOG: 4, CAST: 0})


def test_time_is_not_taken_back() -> None:
    signer = Signer().begins()
    first = signer.time
    signer.time -= 3_600_000
    signer.links()
    assert read(SESSION, signer.file).statements[-1].time == first
    forged = Chain(SESSION)
    for line in lines(signer.file)[:1]:
        forged.take(line)
    forged._time += 1
    with pytest.raises(BadReceipts) as bad:
        forged.take(lines(signer.file)[1])
    assert bad.value.code is Code.TIME
