"""A session's evidence as a broker keeps it, for commands that run beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from broker.cli.failure import NOT_FOUND, REFUSED, Failed
from broker.cli.stored import stored
from broker.evidence.source import Unreadable
from broker.server.at_rest import standing
from broker.server.at_rest.source import AtRestSource
from broker.server.identity import BadIdentity, read


@dataclass(frozen=True, slots=True)
class Kept:
    """One session's folder, and this broker's keys as its API gives them."""

    source: AtRestSource
    keys: Sequence[Mapping[str, Any]]

    @property
    def trusted(self) -> set[str]:
        """The keys' fingerprints."""
        return {str(one["key"]) for one in self.keys}

    def check(self) -> None:
        """Raise Failed where not all of it can be read here."""
        stands = standing.read(self.source.folder)
        if stands.deleted is not None:
            raise Failed(f"it was deleted by {stands.deleted.by}: {stands.deleted.why}", NOT_FOUND)
        if self.source.sealed:
            to = ", ".join(stands.recipients)
            raise Failed(f"it is encrypted to {to}: say --identity FILE", REFUSED)


async def kept_session(session: str, data: Path, identities: Sequence[Path] = ()) -> Kept:
    """What is held of a session now, also while it goes on. Raises Failed.

    ``identities``: files of keys, for what is sealed.
    """
    async with stored(data, identities) as kept:
        if await kept.metadata.session(session) is None:
            raise Failed(f"there is no session {session!a}", NOT_FOUND)
        try:
            keys = read(data).as_json()
            folder = kept.recordings.root / session
            if not folder.is_dir():
                raise Failed(f"nothing of session {session} has come yet", NOT_FOUND)
            return Kept(AtRestSource(kept.recordings, session), keys)
        except (BadIdentity, Unreadable) as error:
            raise Failed(str(error)) from None
        except OSError as error:
            raise Failed(f"{error.filename or data}: {error.strerror}") from None
