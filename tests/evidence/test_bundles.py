from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from broker.evidence import replay_page
from broker.evidence.bundle import Bundle
from broker.evidence.encryption import ENDING
from broker.evidence.folder import Folder
from broker.evidence.packing import Maker, pack
from broker.evidence.placing import Occupied, placed
from broker.evidence.verifying import verify
from broker.recording.verification import Verdict
from tests.evidence.sessions_made import (
    AT,
    CAST,
    KNOWN,
    LOG,
    PAGE,
    SESSION,
    bundle,
    cast,
    folder,
    log,
    repacked,
    signed,
)
from tests.recording.receipts_made import ONE


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return bundle(tmp_path / "s.zip", folder(tmp_path / "s", signed().completes().file))


def found(path: Path) -> list[tuple[str, str]]:
    return [(one.code.value, one.says) for one in verify(Bundle(path), KNOWN).judgement.findings]


def test_a_bundle_has_all_of_it_in_order_and_is_verified(made: Path, tmp_path: Path) -> None:
    assert verify(Bundle(made), KNOWN).judgement.verdict is Verdict.VERIFIED
    with zipfile.ZipFile(made) as whole:
        assert whole.namelist() == [
            "README.txt", "replay.html", "session.json", "consent.txt", f"streams/{LOG}",
            f"streams/{CAST}", "receipts", "keys.json", "reports/timeline.json",
            "reports/away.json", "reports/commands.json", "reports/evidence.json", "manifest.json",
        ]  # fmt: skip
        assert whole.read(f"streams/{CAST}") == cast()
        assert (
            whole.read("consent.txt") == b"The terms\n---\nTyped, 0 s into the session: I agree\n"
        )
        assert ONE.fingerprint in whole.read("README.txt").decode()
        told = json.loads(whole.read("session.json"))
        assert (told["session"], told["case"], told["made"]) == (
            SESSION,
            "disk <full>",
            {"at": round(AT), "by": "host"},
        )
        assert json.loads(whole.read("reports/evidence.json"))["verdict"] == "VERIFIED"
        everything = b"".join(map(whole.read, whole.namelist()))
    assert b"canary" not in everything  # of session.json, which has the tokens
    again = bundle(tmp_path / "again.zip", tmp_path / "s")
    assert again.read_bytes() == made.read_bytes()


def test_the_page_has_the_session_and_nothing_in_it_ends_the_script(made: Path) -> None:
    with zipfile.ZipFile(made) as whole:
        page = whole.read("replay.html")
    _, _, rest = page.partition(b'id="evidence">')
    data, _, after = rest.partition(b"</script>")
    told = json.loads(data)
    assert after == b"<p>Replay of a test</p>"
    assert {"session", "case", "engineer", "host", "made", "receipts", "streams", "keys"} < set(
        told
    )
    assert set(told["streams"]) == {LOG, CAST}
    assert set(told["reports"]) == {"timeline", "away", "commands", "evidence"}


def test_a_session_that_is_too_large_has_no_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay_page, "MOST_BYTES", 100)
    with zipfile.ZipFile(bundle(tmp_path / "s.zip", folder(tmp_path / "s", b""))) as whole:
        assert {"replay.html", "receipts"}.isdisjoint(whole.namelist())
        assert "too large for a page" in whole.read("README.txt").decode()


def test_a_session_that_lies_encrypted_has_no_page(tmp_path: Path) -> None:
    place = tmp_path / "s"
    folder(place, signed().file)
    (place / CAST).rename(place / f"{CAST}{ENDING}")
    packed = Bundle(bundle(tmp_path / "s.zip", place))
    assert f"{CAST}{ENDING}" in packed.streams
    with zipfile.ZipFile(packed.place) as whole:
        assert "replay.html" not in whole.namelist()


def test_a_bundle_can_be_written_to_what_can_not_seek(tmp_path: Path) -> None:
    class Pipe(io.RawIOBase):
        data = b""

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            self.data += bytes(data)  # type: ignore[call-overload]
            return len(data)  # type: ignore[arg-type]

    out = Pipe()
    source = Folder(folder(tmp_path / "s", signed().completes().file))
    pack(source, Maker("broker", AT, [], KNOWN), PAGE, out)  # type: ignore[arg-type]
    (tmp_path / "s.zip").write_bytes(out.data)
    assert verify(Bundle(tmp_path / "s.zip"), KNOWN).judgement.verdict is Verdict.VERIFIED


def change(name: str, data: bytes | None) -> Callable[[dict[str, bytes]], None]:
    def do(members: dict[str, bytes]) -> None:
        members.pop(name, None)
        if data is not None:
            members[name] = data

    return do


@pytest.mark.parametrize(
    ("name", "data", "code", "says"),
    [
        (f"streams/{CAST}", cast().replace(b"hello", b"hullo"), "digest", "is not what the broker"),
        (f"streams/{CAST}", cast()[:-10], "stream-short", "shorter"),
        (f"streams/{CAST}", None, "stream-missing", "is not there"),
        ("receipts", b"nonsense\n", "malformed", "line 1"),
        ("consent.txt", b"other terms", "malformed", "consent.txt is not as the manifest says"),
        ("keys.json", None, "malformed", "keys.json is in the manifest, and not there"),
        ("manifest.json", None, "malformed", "manifest.json is not there"),
        ("manifest.json", b"[1]", "malformed", "manifest.json is not there, or"),
        ("streams/../../etc/passwd", b"x", "malformed", "is no file of a bundle"),
        ("streams/run-1.exe", b"x", "malformed", "is no file of a bundle"),
        (f"streams/{LOG}.age", b"x", "malformed", "is there unencrypted too"),
        ("/etc/\x1b[2J", b"x", "malformed", "/etc/?[2J is no file of a bundle"),
        ("stréams/x", b"x", "malformed", "is no name of a file in a bundle"),
    ],
)
def test_whoever_changes_what_is_in_it_is_found_out(
    made: Path, name: str, data: bytes | None, code: str, says: str
) -> None:
    findings = found(repacked(made, change(name, data)))
    assert any(one == code and says in text for one, text in findings), findings
    assert verify(Bundle(repacked(made, change(name, data))), KNOWN).judgement.verdict.value == 2


def test_every_byte_that_is_another_is_found_or_is_of_no_account(made: Path) -> None:
    """Whatever is damaged, nothing but a verdict comes of it, and never another session's bytes."""
    whole = made.read_bytes()
    path = made.with_name("damaged.zip")
    for at in range(0, len(whole), 29):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        source = Bundle(path)
        if verify(source, KNOWN).judgement.verdict is Verdict.VERIFIED:
            assert b"".join(source.pieces(LOG)) == log()
            assert b"".join(source.pieces(CAST)) == cast()


@pytest.mark.parametrize("size", [0, 1, 100, -1, -30])
def test_a_bundle_that_was_cut_off_is_rejected(made: Path, size: int) -> None:
    made.write_bytes(made.read_bytes()[:size])
    (first, *_) = found(made)
    assert first[0] == "malformed"
    assert "s.zip is not a bundle" in first[1]


def hostile(path: Path, make: Callable[[zipfile.ZipFile], None]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as whole:
        make(whole)
    return path


def test_hostile_zip_files_are_told_in_a_sentence(tmp_path: Path) -> None:
    def link(whole: zipfile.ZipFile) -> None:
        info = zipfile.ZipInfo(f"streams/{LOG}")
        info.external_attr = 0o120777 << 16
        whole.writestr(info, "/etc/passwd")

    def many(whole: zipfile.ZipFile) -> None:
        for n in range(2001):
            whole.writestr(f"reports/a{n}.txt", "")

    def packed_otherwise(whole: zipfile.ZipFile) -> None:
        whole.writestr(f"streams/{LOG}", log(), zipfile.ZIP_BZIP2)

    def twice(whole: zipfile.ZipFile) -> None:
        whole.writestr(f"streams/{LOG}", log())
        with pytest.warns(UserWarning, match="Duplicate"):
            whole.writestr(f"streams/{LOG}", b"x" + log())

    for make, says in (
        (link, "is not a plain file"),
        (many, "at most 2000"),
        (packed_otherwise, "packed in a way"),
        (twice, "is there twice"),
    ):
        assert any(says in text for _, text in found(hostile(tmp_path / "h.zip", make)))


def test_sizes_that_lie_are_not_believed(tmp_path: Path) -> None:
    path = hostile(tmp_path / "h.zip", lambda whole: whole.writestr(f"streams/{LOG}", log() * 50))
    whole = path.read_bytes()
    size = struct.pack("<L", len(log()) * 50)
    for lie, says in ((10, "not as long"), (len(log()) * 51, "not as long"), (1 << 31, "longer")):
        at = whole.rindex(size)  # the central directory's
        path.write_bytes(whole[:at] + struct.pack("<L", lie) + whole[at + 4 :])
        assert any(says in text for _, text in found(path))


def test_encrypted_members_and_overlapping_ones_are_refused(tmp_path: Path) -> None:
    def two(whole: zipfile.ZipFile) -> None:
        whole.writestr(f"streams/{LOG}", log())
        whole.writestr(f"streams/{CAST}", cast())

    path = hostile(tmp_path / "h.zip", two)
    whole = bytearray(path.read_bytes())
    central = whole.rindex(b"PK\1\2")
    encrypted = bytes(whole[: central + 8]) + b"\1" + bytes(whole[central + 9 :])
    path.write_bytes(encrypted)
    assert any("encrypted within the zip file" in text for _, text in found(path))
    whole[central + 42 : central + 46] = struct.pack("<L", 0)  # where the second begins
    path.write_bytes(whole)
    assert any("something else is" in text or "another name" in text for _, text in found(path))


def test_a_bundle_takes_the_place_of_its_earlier_self_only(made: Path, tmp_path: Path) -> None:
    with placed(made, SESSION) as file:
        file.write(b"new")
    assert made.read_bytes() == b"new"
    assert made.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Occupied, match="left alone"), placed(made, SESSION):
        pass
    with pytest.raises(Occupied, match="left alone"), placed(tmp_path, SESSION):
        pass
    with pytest.raises(OSError, match="full"):
        _half(tmp_path / "new.zip")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s", "s.zip"]


def _half(path: Path) -> None:
    with placed(path, SESSION) as file:
        file.write(b"half")
        raise OSError("full")
