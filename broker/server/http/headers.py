"""Headers that keep a page to itself: set on every response, stricter where a page needs more."""

from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from broker.server.http.addresses import Addresses

_CSP = "Content-Security-Policy"
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
_NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_OWN = f"{_NOTHING}; script-src 'self'; connect-src 'self'; img-src 'self'; font-src 'self'"


def sign_in_policy() -> str:
    """The sign-in page: its own script and style, nothing else."""
    return f"{_OWN}; style-src 'self'"


def live_policy(nonce: str, websocket_origin: str) -> str:
    """The console and the customer's page.

    xterm.js adds <style> elements, which take the nonce; nothing makes HTML.
    """
    own = _OWN.replace("connect-src 'self'", f"connect-src 'self' {websocket_origin}")
    return (
        f"{own}; style-src 'self'; style-src-elem 'self' 'nonce-{nonce}'; style-src-attr 'none'"
        "; require-trusted-types-for 'script'; trusted-types 'none'"
    )


def replay_policy() -> str:
    """The replay page: asciinema-player is WebAssembly and writes HTML of its own."""
    own = _OWN.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'")
    return f"{own}; style-src 'self'"


def setter(
    addresses: Addresses,
) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """What to call before each response goes out."""

    async def set_headers(_request: web.Request, response: web.StreamResponse) -> None:
        headers = response.headers
        headers.popall(hdrs.SERVER, None)
        headers.update(_ALWAYS)
        headers.setdefault(hdrs.CACHE_CONTROL, "no-store")
        headers.setdefault(_CSP, _NOTHING)
        if addresses.secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"

    return set_headers
