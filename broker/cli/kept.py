"""A session's evidence as a broker keeps it, for commands that run beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from broker.cli.failure import NOT_FOUND, Failed
from broker.cli.stored import stored
from broker.evidence.folder import Folder
from broker.evidence.source import Unreadable
from broker.server.identity import BadIdentity, read


@dataclass(frozen=True, slots=True)
class Kept:
    """One session's folder, and this broker's keys as its API gives them."""

    source: Folder
    keys: Sequence[Mapping[str, Any]]

    @property
    def trusted(self) -> set[str]:
        """The keys' fingerprints."""
        return {str(one["key"]) for one in self.keys}


async def kept_session(session: str, data: Path) -> Kept:
    """What is held of a session now, also while it goes on. Raises Failed."""
    async with stored(data) as kept:
        if await kept.metadata.session(session) is None:
            raise Failed(f"there is no session {session!a}", NOT_FOUND)
        try:
            keys = read(data).as_json()
            folder = kept.recordings.root / session
            if not folder.is_dir():
                raise Failed(f"nothing of session {session} has come yet", NOT_FOUND)
            return Kept(Folder(folder, session), keys)
        except (BadIdentity, Unreadable) as error:
            raise Failed(str(error)) from None
        except OSError as error:
            raise Failed(f"{error.filename or data}: {error.strerror}") from None
