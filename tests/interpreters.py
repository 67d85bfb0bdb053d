"""The Python interpreters of this machine that the customer's side has to run on."""

import shutil
import subprocess
from functools import cache
from pathlib import Path

CUSTOMERS = ("3.9", "3.10", "3.11", "3.12", "3.13")


@cache
def find(version: str) -> str | None:
    """A working ``python3`` of this version: on PATH, or installed by pyenv."""
    installed = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python3"))
    for one in (shutil.which(f"python{version}"), *map(str, installed)):
        if one and _runs(one, version):
            return one
    return None


def _runs(program: str, version: str) -> bool:
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    told = subprocess.run([program, "-I", "-c", ask], capture_output=True, text=True, check=False)
    return told.stdout.strip() == version
