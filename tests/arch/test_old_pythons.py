"""What runs on customers' machines keeps to Python 3.9, on every interpreter that is here."""

import subprocess

import pytest

from tests import interpreters
from tests.arch.tree import ROOT, python_files

# Compiles every file; the pure packages are imported as well, for what only running them tells.
CHECK = """
import importlib, sys
root, *names = sys.argv[1:]
sys.dont_write_bytecode = True
sys.path.insert(0, root)
for name in names:
    with open(root + "/" + name, "rb") as file:
        compile(file.read(), name, "exec")
    if name.startswith(("broker/wire/", "broker/recording/")):
        importlib.import_module(name[:-3].replace("/", ".").replace(".__init__", ""))
"""


@pytest.mark.parametrize("version", interpreters.CUSTOMERS)
def test_customers_side_compiles(version: str) -> None:
    python = interpreters.find(version)
    if python is None:
        pytest.skip(f"no Python {version} on this machine")
    files = python_files("broker/wire", "broker/recording", "broker/evidence", "broker/host")
    names = [str(path.relative_to(ROOT)) for path in files]
    command = [python, "-I", "-W", "error", "-c", CHECK, str(ROOT), *names]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.stderr == ""
    assert told.returncode == 0
