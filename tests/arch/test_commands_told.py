"""Every command is told where people look for it: in --help, and in the README or the guides."""

import re
import subprocess
import sys
from functools import cache

import pytest

from tests.arch.tree import ROOT, tracked


@cache
def commands() -> tuple[str, ...]:
    """What ``jumpseat --help`` lists."""
    told = subprocess.run(
        [sys.executable, "-m", "broker.cli", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(re.findall(r"^  ([a-z]+) {2,}\S", told.stdout, re.MULTILINE))


def test_help_lists_both_sides() -> None:
    assert {"grant", "status", "disconnect", "reconnect", "reattach", "end"} <= set(commands())
    assert {"serve", "engineer", "invite", "sessions", "export", "demo"} <= set(commands())


@pytest.mark.parametrize("command", commands())
def test_command_is_told(command: str) -> None:
    pages = [ROOT / "README.md", *tracked("docs/**.md")]
    assert any(
        re.search(rf"(?:jumpseat(?:\.pyz)?|make) {command}\b", page.read_text()) for page in pages
    )
