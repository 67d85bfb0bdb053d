import asyncio
import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from broker.cli.failure import NOT_FOUND, UNREACHABLE
from broker.cli.main import _at_the_broker as jumpseat
from broker.server.admin import answering
from broker.server.identity import load_or_make
from broker.server.rotation import Rotation


def keys(data: Path, capsys: pytest.CaptureFixture[str], *more: str) -> list[dict[str, object]]:
    assert jumpseat(["keys", "--data", str(data), "--json", *more]) == 0
    told: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return told


def test_keys_are_listed_and_rotated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert jumpseat(["keys", "--data", str(tmp_path)]) == NOT_FOUND
    assert "no broker has used" in capsys.readouterr().err
    identity = load_or_make(tmp_path)
    [first] = keys(tmp_path, capsys)
    assert (first["key"], first["current"]) == (identity.ring.signer.fingerprint, True)

    assert jumpseat(["keys", "--data", str(tmp_path), "--rotate"]) == UNREACHABLE
    assert "no broker runs on" in capsys.readouterr().err

    async def rotated() -> list[dict[str, object]]:
        with capture_logs():  # they go to standard output where nobody set them up
            return await asked()

    async def asked() -> list[dict[str, object]]:
        async with answering(tmp_path, {"rotate": Rotation(identity).rotate}):
            return await asyncio.to_thread(keys, tmp_path, capsys, "--rotate")

    after = asyncio.run(rotated())
    assert [(one["key"], one["current"]) for one in after] == [
        (first["key"], False),
        (identity.ring.signer.fingerprint, True),
    ]
    assert keys(tmp_path, capsys) == after
    assert jumpseat(["keys", "--data", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines()[2].endswith("current")

    (tmp_path / "identity.key").write_text("torn")
    assert jumpseat(["keys", "--data", str(tmp_path)]) == 1
    assert "restore it from a backup" in capsys.readouterr().err
