"""The data directory, opened beside a broker that may be running on it."""

import fcntl
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from broker.cli.failure import NOT_FOUND, USAGE, Failed
from broker.evidence.encryption import BadKey, read_keys
from broker.server.access import Access
from broker.server.app import LOCK, RECORDINGS, URL_SETTING
from broker.server.at_rest import standing
from broker.server.stores.metadata import FILE_NAME, Metadata, WrongSchema
from broker.server.stores.recordings import Recordings


@dataclass(frozen=True, slots=True)
class Stored:
    """What a broker keeps, for one command."""

    data: Path
    metadata: Metadata
    access: Access
    recordings: Recordings

    async def url(self) -> str:
        """The broker's URL, as it last ran."""
        return await self.metadata.setting(URL_SETTING) or ""

    async def check(self, session: str) -> None:
        """Raise Failed where there is no such session, or its streams were deleted."""
        if await self.metadata.session(session) is None:
            raise Failed(f"there is no session {session!a}", NOT_FOUND)
        deleted = standing.read(self.recordings.folder(session)).deleted
        if deleted is not None:
            on = time.strftime("%Y-%m-%d", time.localtime(deleted.at))
            raise Failed(
                f"session {session} was deleted on {on} by {deleted.by}: {deleted.why}", NOT_FOUND
            )

    def is_served(self) -> bool:
        """Whether a broker runs on this directory now."""
        with (self.data / LOCK).open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False


@asynccontextmanager
async def stored(data: Path, identities: Sequence[Path] = ()) -> AsyncIterator[Stored]:
    """Open what is kept in ``data``. Raises Failed where nothing is, or can't be used.

    ``identities``: files of keys, for sealed streams.
    """
    if not (data / FILE_NAME).is_file():
        raise Failed(f"no broker has used {data} yet; start one: jumpseat serve", NOT_FOUND)
    try:
        keys = read_keys(identities)
    except BadKey as error:
        raise Failed(f"--identity: {error}", USAGE) from None
    metadata = Metadata(data)
    try:
        await metadata.check()
        yield Stored(data, metadata, Access(metadata), Recordings(data / RECORDINGS, keys))
    except WrongSchema:
        raise Failed(f"{data} is of another version; start its broker once with this one") from None
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or type(error).__name__)
        raise Failed(f"{data} can't be used: {reason}") from None
    finally:
        await metadata.close()
