"""``jumpseat import``: a session that was carried to the broker by hand, in a bundle."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from broker.cli import options
from broker.cli.failure import NOT_FOUND, REFUSED, Failed

if TYPE_CHECKING:
    from broker.evidence.verifying import Verified


@click.command("import")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@options.data
@options.identity
@options.as_json
def command(file: Path, data: Path, identities: tuple[Path, ...], as_json: bool) -> None:
    """Take in the session of a bundle; the broker must be running.

    For sessions that were recorded offline, and for what a link never brought. The bundle is
    verified first, and refused where it is REJECTED or where what is here says otherwise. What is
    here already is not taken in twice. The broker signs for what is new as of now: it is attested,
    by whoever recorded it, and not observed.
    """
    with _copied(file, data, identities) as copy:
        found = _verified(copy, data, file.name)
        told = asyncio.run(_import(copy, data))
    told |= {"verdict": found.judgement.verdict.name, "path": str(file)}
    if as_json:
        options.tell_json(told)
        return
    whole = "complete" if told["complete"] else "not complete: it goes on, or some of it is missing"
    print(f"Session {told['session']}: {told['added']} bytes were new here. It is {whole}.")
    print(f"The bundle was {told['verdict']}; see jumpseat verify {told['session']} --data {data}")


@contextmanager
def _copied(file: Path, data: Path, identities: tuple[Path, ...]) -> Iterator[Path]:
    """A copy, decrypted, that nobody changes while it is verified and taken in."""
    if not data.is_dir():
        raise Failed(f"no broker has used {data} yet; start one: jumpseat serve", NOT_FOUND)
    copy = data / f".import-{os.getpid()}.zip"
    try:
        fd = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as to, file.open("rb") as bundle:
            if identities:
                _decrypt(bundle, to, identities)
            else:
                shutil.copyfileobj(bundle, to)
        yield copy.absolute()
    except FileNotFoundError:
        raise Failed(f"there is no file {file}", NOT_FOUND) from None
    except OSError as error:
        raise Failed(f"{error.filename or file}: {error.strerror}") from None
    finally:
        copy.unlink(missing_ok=True)


def _decrypt(bundle: BinaryIO, to: BinaryIO, identities: tuple[Path, ...]) -> None:
    from broker.evidence.encryption import (  # noqa: PLC0415 - help needs none of it
        BadKey,
        CantDecrypt,
        decrypt,
        read_keys,
    )

    try:
        decrypt(bundle, to, read_keys(identities))
    except BadKey as error:
        raise Failed(f"--identity: {error}") from None
    except CantDecrypt as error:
        raise Failed(f"{bundle.name}: {error}") from None


def _verified(copy: Path, data: Path, name: str) -> "Verified":
    from broker.evidence.opening import opened  # noqa: PLC0415 - help needs none of it
    from broker.evidence.source import Unreadable  # noqa: PLC0415
    from broker.evidence.told import read_out  # noqa: PLC0415
    from broker.evidence.verifying import verify  # noqa: PLC0415
    from broker.recording.verification import Verdict  # noqa: PLC0415
    from broker.server.identity import BadIdentity, read  # noqa: PLC0415

    try:
        trusted = {str(one["key"]) for one in read(data).as_json()}
        found = verify(opened(copy), trusted)
    except (BadIdentity, Unreadable) as error:
        raise Failed(str(error).replace(str(copy), name)) from None
    if found.judgement.verdict is Verdict.REJECTED:
        why = " ".join(read_out(found, trusted)[:2]).replace(copy.name, name)
        raise Failed(f"not imported: {why}", REFUSED)
    return found


async def _import(copy: Path, data: Path) -> dict[str, Any]:
    from broker.cli.running import ask  # noqa: PLC0415 - help needs no client

    return await ask(data, "import", path=str(copy))
