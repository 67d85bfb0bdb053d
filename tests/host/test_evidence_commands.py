"""``jumpseat verify`` and ``bundle`` where no broker is, as processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from broker.evidence import replay_page
from broker.host import evidence_commands, known_brokers
from broker.host.arguments import parser
from broker.host.failures import Declined, Failed, NotFound
from tests.evidence.sessions_made import LOG, PAGE, SESSION, bundle, folder, log, repacked, signed
from tests.evidence.test_encryption import key_file
from tests.recording.receipts_made import ONE, TWO

KEY = ("--key", ONE.fingerprint)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host's state folder with one session, whose broker's key is known."""
    place = tmp_path / "state"
    place.mkdir()
    folder(place / SESSION, signed().completes().file)
    monkeypatch.setenv("JUMPSEAT_STATE_DIR", str(place))
    monkeypatch.setattr(replay_page, "template", lambda: PAGE)
    return place


def verify(*arguments: str, state: Path | None = None) -> tuple[int, str, str]:
    env = {**os.environ, "JUMPSEAT_STATE_DIR": str(state or "/nowhere")}
    done = subprocess.run(
        [sys.executable, "-m", "broker.host", "verify", *arguments],
        capture_output=True, text=True, check=False, env=env,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def test_the_exit_status_is_the_verdict_and_nothing_else_is(tmp_path: Path) -> None:
    made = bundle(tmp_path / "s.zip", folder(tmp_path / "s", signed().completes().file))
    status, out, err = verify(str(made), *KEY)
    assert (status, out.splitlines()[0].split(":")[0], err) == (0, "VERIFIED", "")
    assert verify(str(made), "--key", TWO.fingerprint)[0] == 1
    changed = repacked(made, lambda files: files.update({f"streams/{LOG}": log()[:-9]}))
    status, out, _ = verify(str(changed), *KEY, "--json")
    told = json.loads(out)
    assert (status, told["verdict"]) == (2, "REJECTED")
    assert (told["findings"][-1]["stream"], told["findings"][-1]["code"]) == (LOG, "stream-short")
    for arguments, expected, said in (
        ([str(tmp_path / "none")], 3, "is no file, and no session of this user here"),
        ([], 64, "required: FILE|SESSION"),
        ([str(made), "--key", "mine"], 64, "a key looks like SHA256:"),
    ):
        status, out, err = verify(*arguments)
        assert (status, out) == (expected, "")
        assert said in err


def test_a_session_of_this_host_is_known_by_the_keys_that_were_consented_to(state: Path) -> None:
    assert verify(SESSION, state=state)[0] == 1
    known_brokers.remember(state, "https://broker", ONE.public, 0.0)
    assert verify(SESSION, state=state)[0] == 0
    (state / "brokers.json").write_text("{")
    status, _, err = verify(SESSION, state=state)
    assert (status, "brokers.json can't be read" in err) == (3, True)


def test_a_session_of_this_host_is_written_to_one_file(state: Path, tmp_path: Path) -> None:
    known_brokers.remember(state, "https://broker", ONE.public, 0.0)
    out = tmp_path / "out.zip"
    args = parser().parse_args(["bundle", SESSION, "-o", str(out), "--json"])
    told = json.loads(evidence_commands.bundled(args))
    assert (told["verdict"], told["size"], told["keys"]) == (
        "VERIFIED",
        out.stat().st_size,
        [ONE.fingerprint],
    )
    assert out.stat().st_mode & 0o777 == 0o600
    assert b"canary" not in out.read_bytes()
    args.json = False
    assert f"--key {ONE.fingerprint}" in evidence_commands.bundled(args), "over its earlier self"
    out.write_text("somebody's own")
    with pytest.raises(Declined, match="left alone"):
        evidence_commands.bundled(args)
    args.session = "nosuch"
    with pytest.raises(NotFound):
        evidence_commands.bundled(args)


def test_one_file_for_one_reader(state: Path, tmp_path: Path) -> None:
    to, key = key_file(tmp_path)
    out = tmp_path / "out.age"
    args = parser().parse_args(["bundle", SESSION, "-o", str(out), "--recipient", to])
    evidence_commands.bundled(args)
    assert out.read_bytes().startswith(b"age-encryption.org/")
    assert verify(str(out), *KEY)[0] == 3
    assert verify(str(out), *KEY, "--identity", str(key))[0] == 0
    args.recipient = ["somebody"]
    with pytest.raises(Failed, match="is no recipient"):
        evidence_commands.bundled(args)


def test_whoever_reads_no_further_sees_no_traceback(tmp_path: Path) -> None:
    made = bundle(tmp_path / "s.zip", folder(tmp_path / "s", signed().completes().file))
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer) as gone:
        done = subprocess.run(
            [sys.executable, "-m", "broker.host", "verify", str(made)],
            stdout=gone, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (141, b"")
