from __future__ import annotations

import asyncio
import hashlib
import os
import threading
from pathlib import Path

import pytest

from broker.host import receipts, receiving
from broker.host.prefixes import Prefixes
from broker.host.receipts import Contradiction, ReceiptsFile, Taken, receipted
from broker.host.receiving import Receiving
from broker.host.spool import StreamFile
from broker.recording.receipts import BadReceipts, Code, lines
from broker.wire.errors import RemoteProtocolError
from broker.wire.stream import Beyond
from tests.recording.receipts_made import SESSION, Signer

LOG, CAST = "run-1.log", "run-1.terminal-1.cast"


def stream(folder: Path, name: str, data: bytes) -> StreamFile:
    file = StreamFile(folder / name, create=True)
    file.append(data)
    return file


def test_a_prefix_is_hashed_as_receipts_name_it(tmp_path: Path) -> None:
    data = bytes(range(256)) * 10_000
    log = stream(tmp_path, LOG, data)
    prefixes = Prefixes({LOG: log})
    for offset in (1, 1, 100, 2_000_000, len(data), 7):
        assert prefixes.digest(LOG, offset) == hashlib.sha256(data[:offset]).hexdigest()
    assert prefixes.digest(LOG, len(data) + 1) is None
    assert prefixes.digest(CAST, 1) is None
    os.truncate(tmp_path / LOG, 50)  # which its file does not know of
    assert prefixes.digest(LOG, 100) is None
    assert prefixes.digest(LOG, 50) == hashlib.sha256(data[:50]).hexdigest()


def sync() -> None:
    """Nothing here has to be safe from a power cut."""


def test_streams_are_safe_before_what_speaks_for_them_is(tmp_path: Path) -> None:
    safe: list[str] = []

    def fails() -> None:
        safe.append("tried")
        raise OSError(5, "Input/output error")

    file = ReceiptsFile(tmp_path, SESSION, b"", {}, fails)
    with pytest.raises(OSError, match="Input/output"):
        file.take(Signer().begins().file, ended=False)
    assert safe == ["tried"]
    assert not (tmp_path / "receipts").exists()


def test_what_is_good_before_a_bad_line_is_kept(tmp_path: Path) -> None:
    file = ReceiptsFile(tmp_path, SESSION, b"", {}, sync)
    signed = Signer().begins().links().links().file
    one, two, three = lines(signed)
    taken = file.take(one + two + three.replace(b'"t":0', b'"t":1') + b"more\n", ended=False)
    assert taken.bad is not None
    assert (taken.bad.code, taken.bad.line) == (Code.SIGNATURE, 3)
    assert taken.kept.size == 0  # nobody knows which of a key's lines its last signature is for
    taken = file.take(one + two + b"more\n", ended=False)
    assert taken.bad is not None
    assert (taken.bad.code, taken.kept.count) == (Code.MALFORMED, 2)
    assert file.take(three, ended=False).kept.count == 3
    assert (tmp_path / "receipts").read_bytes() == signed == file.read(0, 10_000)


def test_the_disk_refuses_and_then_takes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = ReceiptsFile(tmp_path, SESSION, b"", {}, sync)
    signed = Signer().begins().file

    def refuses(fd: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fdatasync", refuses)
        with pytest.raises(OSError, match="Input/output"):
            file.take(signed, ended=False)
    assert (tmp_path / "receipts").read_bytes() == b""
    assert file.take(signed, ended=False).kept.size == len(signed)
    assert (tmp_path / "receipts").read_bytes() == signed


def test_more_than_any_session_has_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = Signer().begins().links().file
    monkeypatch.setattr(receipts, "MOST_BYTES", len(signed) - 1)
    taken = ReceiptsFile(tmp_path, SESSION, b"", {}, sync).take(signed, ended=False)
    assert taken.kept.count == 1
    assert taken.bad is not None
    assert "more of them" in taken.bad.why


def test_streams_that_are_not_in_the_last_word_contradict_it(tmp_path: Path) -> None:
    streams = {LOG: stream(tmp_path, LOG, b"log\n"), CAST: stream(tmp_path, CAST, b"cast\n")}
    file = ReceiptsFile(tmp_path, SESSION, b"", streams, sync)
    signed = Signer().begins().holds(LOG, b"log\n").completes()
    taken = file.take(signed.file, ended=True)
    assert taken.contradictions == (Contradiction(CAST, 0, beyond=False),)
    assert taken.kept.complete
    again = ReceiptsFile(tmp_path, SESSION, b"", streams, sync).load().kept
    assert again == taken.kept
    assert (again.last, again.offsets) == (signed.time, {LOG: 4})


def test_how_far_each_stream_is_signed_for(tmp_path: Path) -> None:
    assert receipted(tmp_path) == {}
    signed = Signer().begins().holds(LOG, b"a").links().holds(CAST, b"abc").holds(LOG, b"ab")
    (tmp_path / "receipts").write_bytes(signed.file + lines(signed.file)[1][:-5])
    assert receipted(tmp_path) == {LOG: 2, CAST: 3}


# --- off the loop ---------------------------------------------------------------------------------


class SlowFile(ReceiptsFile):
    """Takes nothing before it may, and then first of all fails."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, SESSION, b"", {}, sync)
        self.may = threading.Event()
        self.failed = False

    def take(self, received: bytes, *, ended: bool) -> Taken:
        self.may.wait()
        if not self.failed:
            self.failed = True
            raise OSError(28, "No space left on device")
        return super().take(received, ended=ended)


class Told:
    """What the connection would be told."""

    ended = False

    def __init__(self) -> None:
        self.missing: list[str] = []
        self.errors: list[BaseException] = []
        self.kept = asyncio.Event()

    def receipts_kept(self) -> None:
        self.kept.set()

    def contradicted(self, found: Contradiction) -> None:
        raise AssertionError(found)

    def receipts_refused(self, bad: BadReceipts) -> None:
        raise bad

    def receipts_missing(self, why: str) -> None:
        self.missing.append(why)


async def test_what_waits_is_bounded_and_none_of_it_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "_RETRY_SECONDS", 0.0)
    monkeypatch.setattr(receiving, "WINDOW_BYTES", most := 128 * 1024)
    signer = Signer().begins()
    while len(signer.file) <= most:
        signer.links()
    file, told = SlowFile(tmp_path), Told()
    copy = Receiving(file, told, told.errors.append)
    await copy.loaded()
    for at in range(0, most, 65536):
        copy.append(at, signer.file[at : at + 65536])
    with pytest.raises(RemoteProtocolError) as raised:
        copy.append(most, b"x")
    assert raised.value.code == "too-fast"
    with pytest.raises(Beyond):
        copy.append(most + 1, b"x")
    file.may.set()
    while copy.kept.size < most - 1000:
        told.kept.clear()
        await told.kept.wait()
    copy.append(copy.kept.size, signer.file[copy.kept.size :])
    while copy.kept.size < len(signer.file):
        told.kept.clear()
        await told.kept.wait()
    assert (tmp_path / "receipts").read_bytes() == signer.file
    assert (told.missing, told.errors) == (["the disk: No space left on device"], [])
