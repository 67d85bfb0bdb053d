"""The pages, as Vite built them: read once at the start and served from memory.

Only names that were found then are served, so no request ever becomes a path.
"""

import mimetypes
import secrets
from dataclasses import dataclass
from pathlib import Path

from aiohttp import hdrs, web

from broker import __version__
from broker.server.http import headers
from broker.server.http.addresses import Addresses
from broker.server.pyz import Pyz

BUILT = Path(__file__).parent.parent / "pages"
_NONCE = "__NONCE__"
_NAMES = ("customer.html", "index.html", "replay.html", "sign-in.html")


class NotBuilt(Exception):
    """The pages are not there."""


@dataclass(frozen=True, slots=True)
class _Asset:
    content_type: str
    body: bytes


class Pages:
    """Handlers of everything that a browser shows, and of the customer's one file."""

    def __init__(self, directory: Path, addresses: Addresses, pyz: Pyz) -> None:
        """Raises NotBuilt."""
        try:
            self._html = {name: (directory / name).read_text() for name in _NAMES}
            files = [path for path in (directory / "assets").iterdir() if path.is_file()]
        except FileNotFoundError:
            raise NotBuilt from None
        self._assets = {path.name: _Asset(_content_type(path), path.read_bytes()) for path in files}
        self._addresses = addresses
        self._pyz = pyz

    async def healthz(self, _request: web.Request) -> web.Response:
        """Ready: everything is open and this is answered."""
        return web.json_response({"status": "ok", "version": __version__})

    async def sign_in(self, _request: web.Request) -> web.Response:
        """The page that a sign-in link opens."""
        return self._page("sign-in.html", headers.sign_in_policy())

    async def console(self, request: web.Request) -> web.Response:
        """The console, also with a session open in it."""
        return self._live_page("index.html", request)

    async def customer(self, request: web.Request) -> web.Response:
        """A customer's page; what opens it is in the fragment, which is not sent."""
        return self._live_page("customer.html", request)

    async def replay(self, _request: web.Request) -> web.Response:
        """A session's replay."""
        return self._page("replay.html", headers.replay_policy())

    async def asset(self, request: web.Request) -> web.Response:
        """A script, style or picture; their names change with their content, but the icon's."""
        asset = self._assets.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound
        response = web.Response(body=asset.body, headers={hdrs.CONTENT_TYPE: asset.content_type})
        response.headers[hdrs.CACHE_CONTROL] = "private, max-age=3600"
        return response

    async def pyz(self, _request: web.Request) -> web.Response:
        """The customer's side, one file."""
        body = await self._pyz.body()
        return web.Response(body=body, content_type="application/octet-stream")

    def _live_page(self, name: str, request: web.Request) -> web.Response:
        nonce = secrets.token_urlsafe(16)
        scheme = "wss" if self._addresses.secure else "ws"
        policy = headers.live_policy(nonce, f"{scheme}://{request.host}")
        return self._page(name, policy, nonce)

    def _page(self, name: str, policy: str, nonce: str = "") -> web.Response:
        response = web.Response(
            text=self._html[name].replace(_NONCE, nonce), content_type="text/html"
        )
        response.headers["Content-Security-Policy"] = policy
        return response


def _content_type(path: Path) -> str:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
