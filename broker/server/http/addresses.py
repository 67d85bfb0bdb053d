"""What the broker is called: its own URL, and whom it takes a request or a page's origin from."""

from dataclasses import dataclass
from urllib.parse import urlsplit

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_DEFAULT_PORTS = {"http": 80, "https": 443}


class BadUrl(ValueError):
    """Not a URL that a broker can have."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Derived once, from where the broker listens and what it was told its URL is."""

    url: str
    """Without a slash at its end."""
    secure: bool
    hosts: frozenset[str]
    """Values of ``Host`` that are answered: a page of another name can't reach us by DNS."""
    origins: frozenset[str]
    cookie: str

    @classmethod
    def of(cls, listen_host: str, port: int, url: str | None) -> "Addresses":
        """Raises BadUrl. On a loopback address all of its names will do."""
        netloc = f"[{listen_host}]" if ":" in listen_host else listen_host
        own = f"http://{netloc}:{port}" if url is None else url.rstrip("/")
        parts = urlsplit(own)
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.path or parts.query:
            raise BadUrl(f"not a broker's URL: {own} (it looks like https://support.example.com)")
        hosts = {parts.netloc, f"{netloc}:{port}"} | {f"{name}:{port}" for name in _LOOPBACK}
        origins = {f"{parts.scheme}://{parts.netloc}"}
        if f"{parts.hostname}" in ("127.0.0.1", "localhost", "::1"):
            origins |= {f"http://{name}:{port}" for name in _LOOPBACK}
        secure = parts.scheme == "https"
        # Cookies are not kept apart by port, so two brokers of one machine need two names.
        cookie = "__Host-jumpseat" if secure else f"jumpseat-{port}"
        return cls(own, secure, frozenset(hosts), frozenset(origins), cookie)

    def page_cookie(self, session: str) -> str:
        """The cookie that opens this session's customer's page; another one for each session."""
        return (
            f"__Secure-jumpseat-page-{session}" if self.secure else f"{self.cookie}-page-{session}"
        )

    def sign_in_link(self, token: str) -> str:
        """The link that signs an engineer in; a fragment never reaches a server or its log."""
        return f"{self.url}/sign-in#{token}"


def customer_line(url: str, code: str) -> str:
    """What the customer pastes into a shell."""
    return (
        f"curl -fsS {url}/jumpseat.pyz -o jumpseat.pyz"
        f" && python3 jumpseat.pyz grant {code} --broker {url}"
    )
