"""Who is answered, over every route there is."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from broker.server.access import Access
from broker.server.app import Config, serving
from broker.server.http.addresses import Addresses, BadUrl
from broker.server.http.guard import Guard, NoPolicy, Policy, Route
from broker.server.http.pages import Pages
from broker.server.http.routes import routes
from broker.server.pyz import Pyz
from tests.server.peers import VIEW_TOKEN, Site


def table(pages: Path) -> list[Route]:
    anything: Any = _Anything()
    built = Pages(pages, Addresses.of("127.0.0.1", 1, None), Pyz())
    return routes(
        pages=built, api=anything, downloads=anything, reports=anything, search=anything,
        hosts=anything, viewers=anything, live=anything, deliveries=anything,
    )  # fmt: skip


class _Anything:
    """Has every handler; the table needs no more."""

    def __getattr__(self, name: str) -> Callable[[web.Request], Awaitable[web.Response]]:
        return _answer


async def _answer(_request: web.Request) -> web.Response:
    return web.Response()


def path_of(route: Route, session: str = "s1") -> str:
    path = route.path.replace("{session}", session).replace("{stream}", "run-1.log")
    return path.replace("{name}", "index-1.js").replace("{command}", "1-1")


def allows(route: Route, policy: Policy) -> bool:
    return route.policy in (Policy.OPEN, policy)


def refusal_of(route: Route) -> int:
    """What somebody gets who is not let in."""
    return 302 if route.page else 401


async def ask(
    site: Site, route: Route, client: aiohttp.ClientSession, session: str = "s1", **headers: str
) -> tuple[int, str]:
    if route.websocket:
        headers |= {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        }
    body = b"{}" if route.method == "POST" else None
    async with client.request(
        route.method, path_of(route, session), headers=headers, data=body, allow_redirects=False
    ) as got:
        if got.status == 101:
            return 101, ""
        body = await got.read()
        code = json.loads(body)["error"]["code"] if got.status >= 400 else ""
        return got.status, code


async def test_every_route_for_strangers(site: Site, pages: Path) -> None:
    for route in table(pages):
        status, code = await ask(site, route, site.host, Origin=site.url)
        if route.policy is Policy.HOST:
            assert (status, code) == (403, "bad-origin"), route
        elif route.policy is Policy.OPEN:
            assert status in (200, 400), route
        else:
            assert status == refusal_of(route), route


async def test_every_route_for_cookies_that_are_worth_nothing(site: Site, pages: Path) -> None:
    name = next(iter(site.engineer.cookie_jar)).key
    session = (await site.grant())["session"]
    for value in ("", "x", "A" * 43, "../../x", "'; drop table sign_ins;--", VIEW_TOKEN):
        cookies = {name: value, f"{name}-page-{session}": value, f"{name}-page-": value}
        async with aiohttp.ClientSession(site.url, cookies=cookies) as stranger:
            for route in table(pages):
                if route.policy in (Policy.ENGINEER, Policy.CUSTOMER):
                    status, _ = await ask(site, route, stranger, session, Origin=site.url)
                    assert status == refusal_of(route), route


async def test_an_engineer_is_no_customer(site: Site, pages: Path) -> None:
    session = (await site.grant())["session"]
    for route in table(pages):
        if route.policy is Policy.CUSTOMER:
            told = await ask(site, route, site.engineer, session, Origin=site.url)
            assert told == (401, "not-signed-in"), route


async def test_what_opens_a_page_opens_that_page_only(site: Site, pages: Path) -> None:
    session, other = [(await site.grant())["session"] for _ in range(2)]
    async with site.customer(session) as browser:
        (cookie,) = browser.cookie_jar
        name = next(iter(site.engineer.cookie_jar)).key
        # As somebody would who looks for a way in: under every name that a cookie has here.
        names = (cookie.key, cookie.key.replace(session, other), name)
        browser.cookie_jar.update_cookies(dict.fromkeys(names, cookie.value))
        for route in table(pages):
            if route.policy is Policy.HOST or allows(route, Policy.CUSTOMER):
                continue
            for one in (session, other):
                status, _ = await ask(site, route, browser, one, Origin=site.url)
                assert status == refusal_of(route), route
        for route in table(pages):
            if route.policy is Policy.CUSTOMER:
                assert (await ask(site, route, browser, other, Origin=site.url))[0] == 401, route
                mine, _ = await ask(site, route, browser, session, Origin=site.url)
                assert mine == (101 if route.websocket else 200), route


@pytest.mark.parametrize("origin", ["http://evil.test", "null", "", None, "https://127.0.0.1"])
async def test_every_change_and_websocket_needs_our_origin(
    site: Site, pages: Path, origin: str | None
) -> None:
    cookies = {one.key: one.value for one in site.engineer.cookie_jar}
    async with aiohttp.ClientSession(site.url, cookies=cookies) as browser:
        for route in table(pages):
            if route.policy is not Policy.HOST and (route.websocket or route.method == "POST"):
                headers = {} if origin is None else {"Origin": origin}
                assert await ask(site, route, browser, **headers) == (403, "bad-origin"), route


async def test_every_route_needs_our_name(site: Site, pages: Path) -> None:
    for route in table(pages):
        for host in ("evil.test", "127.0.0.1", "localhost:1"):
            status, code = await ask(site, route, site.engineer, Host=host)
            assert (status, code) == (421, "unknown-host"), route


async def test_ways_round_a_route_are_no_ways(site: Site) -> None:
    for path in (
        "/api/sessions/", "/api/sessions;x", "/api/sessions%2f", "/API/sessions",
        "/api/./sessions", "/assets/../index.html", "/assets/%2e%2e/index.html",
        "/assets/..%2findex.html", "/assets/..%2f..%2f..%2fetc%2fpasswd",
        "/api/customer/../sessions", "/customer/x/../../api/sessions",
    ):  # fmt: skip
        async with site.host.get(path, allow_redirects=False) as got:
            assert got.status in (401, 404), path


async def test_paths_that_try_to_leave(site: Site) -> None:
    granted = await site.grant()
    for session in (granted["session"], "..", "%2e%2e", "..%2f..", ""):
        for stream in ("..%2f..%2fmetadata.sqlite3", "%2e%2e", "run-1.log%00", "run-1.log%2f.."):
            path = f"/api/sessions/{session}/streams/{stream}"
            async with site.engineer.get(path) as got:
                assert got.status == 404, path


def test_a_route_without_a_policy_keeps_the_broker_from_starting(pages: Path) -> None:
    app = web.Application()
    app.router.add_get("/forgotten", _answer)
    guard = Guard(Access(None), Addresses.of("127.0.0.1", 1, None))  # type: ignore[arg-type]
    with pytest.raises(NoPolicy):
        guard.install(app, table(pages))


async def test_headers_of_pages(site: Site) -> None:
    nonces = set()
    for _ in range(2):
        async with site.engineer.get("/sessions/any") as got:
            csp = got.headers["Content-Security-Policy"]
            nonce = (await got.text()).partition('"')[2].partition('"')[0]
            assert f"'nonce-{nonce}'" in csp
            assert f"connect-src 'self' ws://{site.url.removeprefix('http://')}" in csp
            assert "trusted-types 'none'" in csp
            assert "Server" not in got.headers
            assert got.headers["Cache-Control"] == "no-store"
            assert got.headers["X-Content-Type-Options"] == "nosniff"
            nonces.add(nonce)
    assert len(nonces) == 2
    async with site.host.get("/customer/any") as got:
        csp = got.headers["Content-Security-Policy"]
        assert f"connect-src 'self' ws://{site.url.removeprefix('http://')}" in csp
        assert "frame-ancestors 'none'" in csp
        assert "trusted-types 'none'" in csp
        assert got.headers["Referrer-Policy"] == "no-referrer"
    async with site.engineer.get("/sessions/any/replay") as got:
        assert "'wasm-unsafe-eval'" in got.headers["Content-Security-Policy"]
    async with site.host.get("/sign-in") as got:
        assert "script-src 'self';" in got.headers["Content-Security-Policy"]


def test_addresses() -> None:
    https = Addresses.of("10.0.0.1", 8080, "https://support.example.com/")
    assert https.cookie == "__Host-jumpseat"
    assert https.secure
    assert "support.example.com" in https.hosts
    assert https.origins == {"https://support.example.com"}
    assert https.page_cookie("abc") == "__Secure-jumpseat-page-abc"
    local = Addresses.of("127.0.0.1", 80, None)
    assert local.page_cookie("abc") == "jumpseat-80-page-abc"
    assert {"http://localhost:80", "http://127.0.0.1:80"} <= local.origins
    for url in ("ftp://x", "https://x/path", "nothing", "https://"):
        with pytest.raises(BadUrl):
            Addresses.of("127.0.0.1", 80, url)


async def test_a_broker_behind_https_says_so(data: Path, pages: Path) -> None:
    config = Config(
        data=data, host="127.0.0.1", port=0, pages=pages, url="https://support.example.com"
    )
    async with serving(config) as broker:
        port = next(host for host in broker.addresses.hosts if host.startswith("127.0.0.1:"))
        token = await broker.access.sign_in_token(await broker.access.engineer("alice"))
        async with (
            aiohttp.ClientSession(f"http://{port}", headers={"Host": "support.example.com"}) as us,
            us.post(
                "/api/sign-in",
                json={"token": token},
                headers={"Origin": "https://support.example.com"},
            ) as got,
        ):
            cookie = got.headers["Set-Cookie"]
            assert cookie.startswith("__Host-jumpseat=")
            assert "Secure" in cookie
            assert "HttpOnly" in cookie
            assert "SameSite=Strict" in cookie
            assert "Strict-Transport-Security" in got.headers
