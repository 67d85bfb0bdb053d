"""The customer's one file: the same bytes each time, and it runs where there is only Python."""

import io
import subprocess
import zipfile
from pathlib import Path

import pytest

from broker.server.pyz import build
from tests import interpreters
from tests.server.peers import Site


@pytest.fixture(scope="module")
def pyz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pyz") / "jumpseat.pyz"
    path.write_bytes(build())
    return path


def test_the_same_sources_give_the_same_bytes() -> None:
    assert build() == build()


def test_it_carries_the_customers_side_and_nothing_else() -> None:
    names = zipfile.ZipFile(io.BytesIO(build())).namelist()
    assert {"__main__.py", "broker/host/command.py", "websockets/LICENSE"} <= set(names)
    assert not [name for name in names if name.startswith(("broker/server", "broker/cli"))]
    assert not [name for name in names if "/legacy/" in name or "/sync/" in name]
    assert len(build()) < 600_000  # a fifth of it is the page that goes into bundles


@pytest.mark.parametrize("version", interpreters.CUSTOMERS)
def test_it_runs_on_every_interpreter_that_is_here(pyz: Path, version: str) -> None:
    python = interpreters.find(version)
    if python is None:
        pytest.skip(f"no Python {version} on this machine")
    told = subprocess.run(
        [python, "-I", str(pyz), "--version"], capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith("jumpseat ")
    # What the uplink imports, as nothing else of it runs without a broker.
    imports = "import broker.host.uplink_process, websockets.asyncio.client as c; c.connect"
    code = f"import sys; sys.path.insert(0, {str(pyz)!r}); {imports}"
    done = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


async def test_the_broker_serves_it_to_anybody(site: Site) -> None:
    async with site.host.get("/jumpseat.pyz") as got:
        assert await got.read() == build()
