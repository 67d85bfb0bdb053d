"""Who may ask for what: every route has a policy, and a request is held against it here, once.

``OPEN``: anybody. ``ENGINEER``: whoever has the cookie of a sign-in. ``CUSTOMER``: whoever has
opened the customer's page of the session that the path names. ``HOST``: a customer's host, which
is no browser. Whatever changes something or opens a websocket must come from a page of our
own (``Origin``), except from hosts, which must not have one at all. A request to a name that is
not ours (``Host``) is refused whatever it wants.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from broker.server.access import Access
from broker.server.http.addresses import Addresses
from broker.server.http.errors import error
from broker.server.stores.metadata import PageSignIn, SignIn


class Policy(Enum):
    """Whom a route answers."""

    OPEN = "open"
    ENGINEER = "engineer"
    CUSTOMER = "customer"
    HOST = "host"


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the table. A ``page`` sends strangers to sign in; others are refused."""

    method: str
    path: str
    policy: Policy
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    page: bool = False
    websocket: bool = False


class NoPolicy(Exception):
    """A route that nobody decided about: the broker does not start."""


SIGN_IN = web.RequestKey("sign_in", SignIn)
"""Whose request this is, on routes for engineers."""
PAGE_SIGN_IN = web.RequestKey("page_sign_in", PageSignIn)
"""The opening of the page that this request comes from, on routes for customers."""

_UNSAFE = frozenset({hdrs.METH_POST, hdrs.METH_PUT, hdrs.METH_PATCH, hdrs.METH_DELETE})


class Guard:
    """The middleware that knows the table."""

    def __init__(self, access: Access, addresses: Addresses) -> None:
        self._access = access
        self._addresses = addresses
        self._routes: dict[web.AbstractRoute, Route] = {}

    def install(self, app: web.Application, routes: Iterable[Route]) -> None:
        """Register the table. Raises NoPolicy where the app has a route beside it."""
        for route in routes:
            self._routes[app.router.add_route(route.method, route.path, route.handler)] = route
        for known in app.router.routes():
            if known not in self._routes:
                raise NoPolicy(str(known))

    @property
    def middleware(self) -> Middleware:
        """For the app; outside of it, only errors are told."""

        @web.middleware
        async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._check(request, handler)

        return check

    async def _check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.host not in self._addresses.hosts:
            return error(421, "unknown-host", "this broker is not called that; see serve --url")
        route = self._routes.get(request.match_info.route)
        if route is None:
            return await handler(request)  # no such path or method: aiohttp says which
        origin = request.headers.get(hdrs.ORIGIN)
        if route.policy is Policy.HOST:
            if origin is not None:
                return error(403, "bad-origin", "this is for hosts, not for web pages")
        elif (route.websocket or route.method in _UNSAFE) and origin not in self._addresses.origins:
            return error(403, "bad-origin", "only the broker's own pages may ask for this")
        if route.policy is Policy.ENGINEER:
            sign_in = await self._access.who(request.cookies.get(self._addresses.cookie, ""))
            if sign_in is None:
                if route.page:
                    raise web.HTTPFound("/sign-in")
                return error(401, "not-signed-in", "sign in first")
            request[SIGN_IN] = sign_in
        elif route.policy is Policy.CUSTOMER:
            session = request.match_info["session"]
            cookie = request.cookies.get(self._addresses.page_cookie(session), "")
            opening = await self._access.who_opened(session, cookie)
            if opening is None:
                return error(401, "not-signed-in", "open the session's page by its link first")
            request[PAGE_SIGN_IN] = opening
        return await handler(request)
