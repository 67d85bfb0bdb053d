"""A real broker on a free port of the loopback, in this process, with pages of a few bytes."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from broker.server import app
from broker.server.configuration import Configuration
from broker.server.webhooks.sender import Pace
from broker.wire.link import Link
from tests.server.peers import Site

Serve = Callable[..., AbstractAsyncContextManager[Site]]


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whom a test drives by hand answers only while it reads: nobody is given up for that."""
    monkeypatch.setattr(Link, "patience", 1000.0)


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    folder = tmp_path / "pages"
    (folder / "assets").mkdir(parents=True)
    for name in ("index", "replay", "sign-in", "customer"):
        (folder / f"{name}.html").write_text(f'<meta content="__NONCE__"><p>{name}')
    for name in ("sign-in-1.js", "index-1.js", "customer-1.js"):
        (folder / "assets" / name).write_text("1")
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def serve(data: Path, pages: Path) -> Serve:
    """Start a broker on the test's data; one after the other, as often as wanted."""

    @asynccontextmanager
    async def start(
        configuration: Configuration | None = None, pace: Pace | None = None
    ) -> AsyncIterator[Site]:
        config = app.Config(
            data=data,
            host="127.0.0.1",
            port=0,
            configuration=configuration or Configuration(),
            pages=pages,
            pace=pace or Pace(),
        )
        async with app.serving(config) as broker:
            url = broker.addresses.url
            engineer_id = await broker.access.engineer("alice")
            token = await broker.access.sign_in_token(engineer_id)
            jar = aiohttp.CookieJar(unsafe=True)
            async with (
                aiohttp.ClientSession(url, headers={"Origin": url}, cookie_jar=jar) as engineer,
                aiohttp.ClientSession(url) as host,
            ):
                async with engineer.post("/api/sign-in", json={"token": token}) as got:
                    assert got.status == 200
                yield Site(url, engineer, host)

    return start


@pytest.fixture
async def site(serve: Serve) -> AsyncIterator[Site]:
    async with serve() as site:
        yield site
