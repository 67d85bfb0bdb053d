"""The page that replays and verifies a session in a browser: one file, with the session in it."""

from __future__ import annotations

import json
import pkgutil
from base64 import b64encode
from typing import Any, Iterable, Iterator, Mapping

MOST_BYTES = 64 * 1024 * 1024
"""Of streams; a browser takes no more in one page."""

NAME = "replay.html"
_PLACE = b'<script type="application/json" id="evidence">'
_END = b"</script>"
_GROUP = 3 * 64 * 1024  # base64 of whole groups of three bytes can be joined


class NotBuilt(Exception):
    """The page was not built; a sentence."""


def template() -> bytes:
    """The page as it was built. Raises NotBuilt."""
    try:
        page = pkgutil.get_data("broker.evidence", f"page/{NAME}")
    except OSError:
        page = None
    if page is None:
        raise NotBuilt("the page for replays is not built; run: make setup")
    if page.count(_PLACE) != 1:
        raise NotBuilt("the page for replays has no one place for the session; run: make setup")
    return page


def filled(
    page: bytes, facts: Mapping[str, Any], streams: Mapping[str, Iterable[bytes]]
) -> Iterator[bytes]:
    """The page with a session in it, in pieces: ``facts``, and each stream in base64."""
    head, _, rest = page.partition(_PLACE)
    yield head + _PLACE
    yield _json(facts)[:-1]
    yield b',"streams":{'
    for n, (name, pieces) in enumerate(streams.items()):
        yield b"," * (n > 0) + _json(name) + b':"'
        yield from _base64(pieces)
        yield b'"'
    yield b"}}"
    yield rest[rest.index(_END) :]


def encoded(data: bytes) -> str:
    """Bytes as the page takes them."""
    return b64encode(data).decode()


def _json(value: object) -> bytes:
    """JSON in which nothing can be taken for the end of the script that it stands in."""
    return json.dumps(value).replace("<", "\\u003c").encode()


def _base64(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        rest += piece
        whole = len(rest) - len(rest) % 3
        if whole >= _GROUP:
            yield b64encode(rest[:whole])
            rest = rest[whole:]
    yield b64encode(rest)
