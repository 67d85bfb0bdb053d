from __future__ import annotations

import os
from pathlib import Path

import pytest

from broker.host import paths
from broker.host.failures import Failed


def test_a_user_has_folders_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JUMPSEAT_STATE_DIR", "JUMPSEAT_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert paths.state_dir() == tmp_path / "state" / "jumpseat"
    assert paths.runtime_dir() == tmp_path / "run" / "jumpseat"
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert paths.runtime_dir() == Path("/tmp/jumpseat-1000")  # noqa: S108 - what it must be
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert paths.state_dir() == Path("/var/lib/jumpseat")
    assert paths.runtime_dir() == Path("/run/jumpseat")


def test_a_folder_that_somebody_else_laid_there_is_not_walked_into(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(Failed, match="not a folder of ours"):
        paths.made_private(tmp_path / "link")
    (tmp_path / "file").write_text("")
    with pytest.raises(Failed):
        paths.made_private(tmp_path / "file")
    (tmp_path / "open").mkdir(mode=0o777)
    assert paths.made_private(tmp_path / "open").stat().st_mode & 0o777 == 0o700


def test_a_socket_path_that_is_too_long_is_said_to_be() -> None:
    with pytest.raises(Failed, match="too long"):
        paths.socket_path(Path("/x" * 60), "s1")
