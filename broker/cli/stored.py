"""The data directory, opened beside a broker that may be running on it."""

import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from broker.cli.failure import NOT_FOUND, Failed
from broker.server.access import Access
from broker.server.app import LOCK, RECORDINGS, URL_SETTING
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

    def is_served(self) -> bool:
        """Whether a broker runs on this directory now."""
        with (self.data / LOCK).open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False


@asynccontextmanager
async def stored(data: Path) -> AsyncIterator[Stored]:
    """Open what is kept in ``data``. Raises Failed where nothing is, or can't be used."""
    if not (data / FILE_NAME).is_file():
        raise Failed(f"no broker has used {data} yet; start one: jumpseat serve", NOT_FOUND)
    metadata = Metadata(data)
    try:
        await metadata.check()
        yield Stored(data, metadata, Access(metadata), Recordings(data / RECORDINGS))
    except WrongSchema:
        raise Failed(f"{data} is of another version; start its broker once with this one") from None
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or type(error).__name__)
        raise Failed(f"{data} can't be used: {reason}") from None
    finally:
        await metadata.close()
