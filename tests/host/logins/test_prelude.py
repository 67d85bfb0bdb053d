"""What stands before a host's own login files, in real shells: nothing, where nobody answers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from broker.host.logins.place import Place
from broker.host.logins.prelude import composed

SHELLS = {
    "sh": ("sh", "-i"),
    "dash": ("dash", "-i"),
    "bash": ("bash", "--norc", "-i"),
    "ksh": ("ksh", "-i"),
    "busybox": ("busybox", "ash", "-i"),
    "zsh": ("zsh", "-f", "-i"),
    "fish": ("fish", "--no-config", "-i", "-l"),
}


@pytest.mark.parametrize("name", SHELLS)
def test_without_a_recorder_it_does_nothing(name: str, tmp_path: Path) -> None:
    if not shutil.which(name):
        pytest.skip(f"{name} is not installed")
    kind = name if name in ("zsh", "fish") else "sh"
    never = ["sh", "-c", "echo it's asked"]
    own = "set greeting hello\n" if kind == "fish" else "greeting=hello\n"
    file = tmp_path / "profile"
    file.write_bytes(composed(kind, Place(tmp_path / "no where"), own.encode(), never, never))
    script = f". {file}; echo $greeting; set | grep __jumpseat; echo end\n"
    done = subprocess.run(
        ["script", "-qec", " ".join(SHELLS[name]), "/dev/null"],
        input=f"{script}exit\n".encode(), capture_output=True, timeout=60, check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TERM": "dumb"},
    )  # fmt: skip
    printed = done.stdout.decode().replace("\r", "")
    assert "hello\nend\n" in printed, printed


def test_words_are_quoted_for_each_shell(tmp_path: Path) -> None:
    place = Place(tmp_path / "it's here")
    words = ["/opt/it's python", "-I", "login"]
    for shell in ("sh", "zsh", "bash", "fish"):
        file = tmp_path / shell
        file.write_bytes(composed(shell, place, b"", words, words))
        program = "sh" if shell == "bash" else shell
        if shutil.which(program):
            subprocess.run([program, "-n", str(file)], check=True)
