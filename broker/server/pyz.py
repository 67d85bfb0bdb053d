"""The customer's side as one file: a zip that any Python from 3.9 on runs, made from ourselves.

It holds the packages that the customer's machine needs and of ``websockets`` what its asyncio
client imports, with its licence. The same sources give the same bytes.
"""

import asyncio
import importlib.metadata
import io
import zipfile
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable

_OURS = ("wire", "recording", "evidence", "host")
_WEBSOCKETS_UNUSED = frozenset(
    {"legacy", "sync", "server.py", "cli.py", "__main__.py", "auth.py", "http.py", "connection.py"}
)
_WEBSOCKETS_ASYNCIO_UNUSED = frozenset({"server.py", "router.py"})
_MAIN = """\
import sys

if sys.version_info < (3, 9):
    sys.exit("jumpseat: needs Python 3.9 or newer, this is %d.%d" % sys.version_info[:2])

from broker.host.command import main

sys.exit(main(sys.argv[1:]))
"""
_SHEBANG = b"#!/usr/bin/env python3\n"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the zip format's, so that no build time gets in


class Pyz:
    """Built once, when it is first asked for, in a thread."""

    def __init__(self) -> None:
        self._body: bytes | None = None
        self._turn = asyncio.Lock()

    async def body(self) -> bytes:
        """The file's bytes; safe to cancel."""
        async with self._turn:
            if self._body is None:
                self._body = await asyncio.to_thread(build)
            return self._body


def build() -> bytes:
    """Make the file. Blocking: reads a hundred files and compresses them."""
    out = io.BytesIO(_SHEBANG)
    out.seek(0, io.SEEK_END)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in sorted(_contents().items()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
    return out.getvalue()


def _contents() -> dict[str, bytes]:
    package, websockets = files("broker"), files("websockets")
    contents = {
        "__main__.py": _MAIN.encode(),
        "broker/__init__.py": (package / "__init__.py").read_bytes(),
    }
    for part in _OURS:
        contents.update(_modules(package / part, f"broker/{part}", frozenset()))
    contents.update(_modules(websockets, "websockets", _WEBSOCKETS_UNUSED))
    contents = {
        name: data
        for name, data in contents.items()
        if not (
            name.startswith("websockets/asyncio/")
            and name.rpartition("/")[2] in _WEBSOCKETS_ASYNCIO_UNUSED
        )
    }
    contents["websockets/LICENSE"] = _licence("websockets").encode()
    return contents


def _modules(
    directory: Traversable, prefix: str, unused: frozenset[str]
) -> Iterator[tuple[str, bytes]]:
    for entry in directory.iterdir():
        if entry.name in unused:
            continue
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _modules(entry, f"{prefix}/{entry.name}", frozenset())
        elif entry.name.endswith((".py", ".html")):  # the page that goes into bundles
            yield f"{prefix}/{entry.name}", entry.read_bytes()


def _licence(distribution: str) -> str:
    found = importlib.metadata.distribution(distribution)
    for path in found.files or ():
        if path.name == "LICENSE":
            return path.read_text()
    raise FileNotFoundError(f"the licence of {distribution}")
