"""A session as it lies here, as evidence: what is sealed is opened where there is a key for it."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from broker.evidence.encryption import ENDING
from broker.evidence.folder import Folder
from broker.evidence.source import PIECE_BYTES, Damage, Unreadable
from broker.server.at_rest import sealing, standing
from broker.server.stores.recordings import Recordings


class AtRestSource:
    """A Source. A stream that no key here opens, or that is damaged, is its ciphertext.

    Raises Unreadable.
    """

    def __init__(self, recordings: Recordings, session: str) -> None:
        self.folder = folder = recordings.folder(session)
        self._plain = Folder(folder, session)
        self._recordings = recordings
        self.place = self._plain.place
        self.session = session
        self.receipts = self._plain.receipts
        self._files: dict[str, Path] = {}
        self.streams: Mapping[str, int] = dict(self._sizes(folder))

    def pieces(self, name: str) -> Iterator[bytes]:
        """See Source."""
        try:
            if name in self._files:
                with self._files[name].open("rb") as file:
                    while piece := file.read(PIECE_BYTES):
                        yield piece
            elif name in self._plain.streams:
                yield from self._plain.pieces(name)
            else:
                yield from self._recordings.pieces(self.session, name, self.streams[name])
        except OSError as error:
            raise Unreadable(f"{error.filename or name}: {error.strerror}") from None

    def damage(self, digests: Mapping[str, str]) -> list[Damage]:
        """None that a folder could tell."""
        return self._plain.damage(digests)

    @property
    def sealed(self) -> list[str]:
        """The streams that nobody can read here."""
        return [name.removesuffix(ENDING) for name in self._files]

    def _sizes(self, folder: Path) -> Iterator[tuple[str, int]]:
        try:
            seals, sizes = standing.read(folder).seals, self._recordings.sizes(self.session)
            for name, size in self._plain.streams.items():
                stream = name.removesuffix(ENDING)
                if stream == name:
                    yield name, size
                elif self._opens(stream):
                    yield stream, sizes[stream]
                else:
                    seal = seals.get(stream)
                    lies = seal and sealing.lying(folder / stream, seal)
                    self._files[name] = lies or folder / name
                    yield name, self._files[name].stat().st_size
        except OSError as error:
            raise Unreadable(f"{error.filename or folder}: {error.strerror}") from None

    def _opens(self, stream: str) -> bool:
        try:
            with self._recordings.reading(self.session, stream):
                return True
        except OSError:
            return False
