from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from broker.evidence.folder import Folder
from broker.evidence.opening import opened
from broker.evidence.source import Unreadable
from broker.evidence.told import read_out
from broker.evidence.verifying import Seen, as_json, verify
from broker.recording.verification import Verdict
from tests.evidence.sessions_made import CAST, KNOWN, LOG, SESSION, cast, folder, log, signed
from tests.recording.receipts_made import ONE, Signer


def codes(path: Path, known: frozenset[str] = KNOWN) -> list[tuple[str, str, int]]:
    found = verify(opened(path), known).judgement.findings
    return [(one.code.value, one.stream, one.offset) for one in found]


def test_a_whole_session_is_verified_and_told(tmp_path: Path) -> None:
    found = verify(Folder(folder(tmp_path / "s", signed().completes().file)), KNOWN)
    assert (found.judgement.verdict, found.session) == (Verdict.VERIFIED, SESSION)
    assert found.streams == (
        Seen(LOG, len(log()), len(log())),
        Seen(CAST, len(cast()), len(cast())),
    )
    assert (found.about.case, found.about.host) == ("disk <full>", "web1")
    assert [(one.kind, one.since, one.until) for one in found.stretches] == [
        ("observed", 0.0, 3.0),
        ("gap", 3.0, 5.0),
        ("observed", 5.0, 9.0),
    ]
    told = "\n".join(read_out(found, KNOWN))
    assert told.startswith("VERIFIED: ")
    assert f"{ONE.fingerprint} (known)" in told
    assert "observed 7 s, gap 2 s" in told
    assert "gap of 2 s after 3 s" in told
    assert as_json(found)["streams"][0]["covered"] == len(log())


@pytest.mark.parametrize("at", [0, 99, 100, len(cast()) - 1])
def test_one_byte_that_is_another_is_found_at_the_receipt_after_it(tmp_path: Path, at: int) -> None:
    changed = bytearray(cast())
    changed[at] ^= 1
    path = folder(tmp_path / "s", signed().completes().file, cast=bytes(changed))
    assert codes(path) == [("digest", CAST, 100 if at < 100 else len(cast()))]
    (line, *_) = read_out(verify(opened(path), KNOWN), KNOWN)[1:]
    assert f"[{CAST}, byte " in line


def test_a_folder_that_is_written_to_is_read_as_far_as_it_is_whole(tmp_path: Path) -> None:
    """Torn lines at the end are left out, but not what a receipt speaks for."""
    torn = cast() + b'[9.5, "o", "to'
    path = folder(tmp_path / "s", signed().file + b"torn", log=log() + b'{"t": 9', cast=torn)
    assert codes(path) == [("not-complete", "", 0)]
    (path / "receipts").write_bytes(signed().holds(CAST, torn[:-2]).file)
    assert verify(opened(path), KNOWN).streams[1] == Seen(CAST, len(torn) - 2, len(torn) - 2)


def test_after_the_end_nothing_is_left_out(tmp_path: Path) -> None:
    path = folder(tmp_path / "s", signed().completes().file, cast=cast() + b"more")
    assert codes(path) == [("complete", CAST, len(cast()))]


def test_what_no_broker_had_is_unanchored_and_attested(tmp_path: Path) -> None:
    path = folder(tmp_path / "s", b"")
    assert {code for code, *_ in codes(path)} == {"beyond-receipts", "no-receipts"}
    kinds = {one.kind for one in verify(opened(path), KNOWN).stretches}
    assert kinds == {"attested", "gap"}


def test_a_second_terminals_header_claims_no_time(tmp_path: Path) -> None:
    late = cast().replace(b"[", b"[50")
    signer = signed().links(500.0)
    signer.time += 60_000
    signer.holds("run-1.terminal-2.cast", late)
    path = folder(tmp_path / "s", signer.file)
    (path / "run-1.terminal-2.cast").write_bytes(late)
    found = [(one.kind, one.since, one.until) for one in verify(opened(path), KNOWN).stretches]
    assert found[-2:] == [("observed", 5.0, 9.0), ("attested", 9.0, 508.0)]


def test_encrypted_streams_are_compared_by_their_ciphertext(tmp_path: Path) -> None:
    signer = signed().completes()
    sha256 = hashlib.sha256(b"cipher").hexdigest()
    for name in (LOG, CAST):
        signer.says("sealed", stream=name, size=6, sha256=sha256, recipients=["age1a"])
    path = folder(tmp_path / "s", signer.file)
    (path / LOG).rename(path / f"{LOG}.age")
    (path / f"{LOG}.age").write_bytes(b"cipher")
    assert codes(path) == [("sealed", LOG, 0)]
    (path / f"{LOG}.age").write_bytes(b"Cipher")
    assert codes(path)[0] == ("sealed-digest", LOG, 0)


def test_the_id_that_was_asked_for_counts(tmp_path: Path) -> None:
    path = folder(tmp_path / "s", signed("s2").completes().file, log=log("s2"))
    assert verify(Folder(path), KNOWN).session == "s2"
    found = verify(Folder(path, SESSION), KNOWN).judgement
    assert (found.verdict, found.findings[0].code.value) == (Verdict.REJECTED, "session")


def test_what_is_no_evidence_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(Unreadable, match="there is no session in"):
        verify(opened(tmp_path / "empty"), KNOWN)
    with pytest.raises(Unreadable, match="No such file"):
        opened(tmp_path / "none")
    encrypted = tmp_path / "s.zip.age"
    encrypted.write_bytes(b"age-encryption.org/v1\n")
    with pytest.raises(Unreadable, match="is encrypted"):
        opened(encrypted)
    path = folder(tmp_path / "s", b"")
    (path / CAST).unlink()
    (path / CAST).symlink_to(path / LOG)
    with pytest.raises(Unreadable, match="not a plain file"):
        opened(path)


def test_a_line_that_is_torn_may_be_a_long_one(tmp_path: Path) -> None:
    path = folder(tmp_path / "s", b"")
    with (path / CAST).open("ab") as file:
        file.truncate(1 << 27)
    source = Folder(path, SESSION)
    name = CAST
    assert source.streams[name] == len(cast())  # one torn line of 128 MiB
    (path / "receipts").write_bytes(Signer().begins().file)
    assert verify(Folder(path), KNOWN).judgement.verdict is Verdict.UNANCHORED
