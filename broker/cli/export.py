"""``jumpseat export``: a session's streams as files, byte for byte what the broker holds."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from broker.cli import options
from broker.cli.failure import REFUSED, Failed
from broker.recording.asciicast import BadCast, to_v3, whole_lines
from broker.wire.names import RECEIPTS, parse_stream

if TYPE_CHECKING:
    from broker.server.stores.recordings import Recordings

_CHUNK_BYTES = 1024 * 1024


@click.command("export")
@click.argument("session")
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to write; made if it is not there.",
)
@options.data
@click.option("--v3", is_flag=True, help="Recordings as asciicast v3.  [default: v2, as recorded]")
@options.identity
@options.as_json
def command(
    session: str,
    output: Path,
    data: Path,
    v3: bool,
    identities: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Write each terminal's recording (.cast), each session log (.log) and the receipts of SESSION.

    Also while the session goes on: then as far as it is held. A file that is there already is
    replaced only by one that it is the beginning of. `jumpseat verify DIR` checks what is there;
    with --v3 there are no receipts, since they speak for the bytes as they were recorded.
    """
    recordings = asyncio.run(_recordings(session, data, identities))
    written = _export(session, output, recordings, v3=v3)
    if as_json:
        options.tell_json(written)
    else:
        for file in written:
            print(f"{file['path']}  {file['size']} bytes")


async def _recordings(session: str, data: Path, identities: tuple[Path, ...]) -> "Recordings":
    from broker.cli.stored import stored  # noqa: PLC0415 - help needs no server

    async with stored(data, identities) as kept:
        await kept.check(session)
        return kept.recordings


def _export(
    session: str, output: Path, recordings: "Recordings", *, v3: bool
) -> list[dict[str, Any]]:
    written = []
    try:
        output.mkdir(parents=True, exist_ok=True)
        receipts = _receipts(recordings, session)  # first: what they speak for was there before
        sizes = recordings.settle(session)
        for stream in sorted(sizes, key=parse_stream):
            pieces = recordings.pieces(session, stream, sizes[stream])
            if v3 and not parse_stream(stream).is_log:
                lines = recordings.lines(session, stream, sizes[stream])
                pieces = (line.encode() for line in to_v3(lines))
            path = output / stream
            written.append({"stream": stream, "path": str(path), "size": _write(path, pieces)})
        if receipts and not v3:
            path = output / RECEIPTS
            size = _write(path, iter([receipts]))
            written.append({"stream": RECEIPTS, "path": str(path), "size": size})
    except BadCast as error:
        raise Failed(f"it can't be converted: {error}") from None
    except OSError as error:
        raise Failed(f"{error.filename or output}: {error.strerror}") from None
    return written


def _receipts(recordings: "Recordings", session: str) -> bytes:
    try:
        data = (recordings.root / session / RECEIPTS).read_bytes()
    except FileNotFoundError:
        return b""
    return data[: whole_lines(data)]


def _write(path: Path, pieces: Iterator[bytes]) -> int:
    """Write a whole file beside ``path`` and put it there; its size. Raises OSError and Failed."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as file:
            for piece in pieces:
                file.write(piece)
        if os.path.lexists(path) and not _begins(part, path):
            raise Failed(f"{path} is something else; it is left alone", REFUSED)
        part.replace(path)
        return path.stat().st_size
    finally:
        part.unlink(missing_ok=True)


def _begins(whole: Path, beginning: Path) -> bool:
    if not beginning.is_file():
        return False
    with whole.open("rb") as a, beginning.open("rb") as b:
        while piece := b.read(_CHUNK_BYTES):
            if a.read(len(piece)) != piece:
                return False
    return True
