"""Who watches one session: admitted, numbered, and told the same things in the same order."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from broker.server.ingest import Copy
from broker.server.link_socket import LinkSocket
from broker.server.outbox import frame, frame_of
from broker.server.turns import Turns
from broker.server.viewer import Viewer
from broker.server.wants import declined
from broker.wire import codec
from broker.wire.errors import RemoteProtocolError
from broker.wire.messages import Declined, Message, Turn, Watching

if TYPE_CHECKING:
    from broker.server.room import Room

_MOST_VIEWERS = 200
_MOST_PAGES = 20
_PAGE = "customer's page"


class TooMany(RemoteProtocolError):
    """The session has as many of these as it may."""


class Audience:
    """Engineers and customer's pages. ``changed()`` is called when somebody comes or goes."""

    def __init__(self, room: "Room", changed: Callable[[], None]) -> None:
        self._room = room
        self._changed = changed
        self._viewers: dict[str, Viewer] = {}
        self._so_far = 0
        self._turns = Turns()

    def __iter__(self) -> Iterator[Viewer]:
        return iter(self._viewers.values())

    @property
    def engineers(self) -> list[Viewer]:
        """Those who watch and are no customer's page."""
        return [viewer for viewer in self if not viewer.is_page]

    def admit(self, person: str, socket: LinkSocket) -> Viewer:
        """An engineer; everybody is told. Raises TooMany."""
        return self._admit("v", person, socket, most=_MOST_VIEWERS)

    def admit_page(self, socket: LinkSocket) -> Viewer:
        """The customer's page; everybody is told. Raises TooMany."""
        return self._admit("p", _PAGE, socket, most=_MOST_PAGES)

    def leave(self, viewer: Viewer) -> bool:
        """The viewer is gone; False: it was before."""
        viewer.close()
        if self._viewers.pop(viewer.id, None) is None:
            return False
        self._tell_who_watches()
        return True

    def send(self, message: Message) -> None:
        """Send everybody the same, encoded once."""
        framed = frame_of(message)
        for viewer in self:
            viewer.send_frame(framed)

    def relay(self, copy: Copy, new: bytes, encoded: bytes) -> None:
        """Show what has just come of a stream.

        ``encoded``: the append that brought it, where that brought nothing else; or empty.
        """
        if not self._viewers:
            return
        offset = copy.received - len(new)
        framed = frame(encoded or codec.append_head(copy.name, offset) + new, text=False)
        for viewer in self:
            viewer.relay(copy, offset, new, framed)

    def decline(self, told: Declined) -> None:
        """The host did not do what this viewer wanted; no viewer: what a page did."""
        for viewer in self:
            if viewer.id == told.viewer or (not told.viewer and viewer.is_page):
                fit = declined(viewer.id, told)
                viewer.decline(fit.reason, fit.message)

    # --- whose keys reach which terminal --------------------------------------------------------

    def turns(self) -> list[Turn]:
        """For somebody who joins."""
        return self._turns.held()

    def turn(self, turn: Turn) -> None:
        """The host says whose keys reach a terminal. Raises RemoteProtocolError for a bad name."""
        news = self._turns.take(turn, {one.id: one.person for one in self.engineers})
        if news is not None:
            self.send(news)

    def free_turns(self) -> None:
        """The host's link is gone, and all turns with it."""
        for freed in self._turns.clear():
            self.send(freed)

    # --- inside ---------------------------------------------------------------------------------

    def _admit(self, prefix: str, person: str, socket: LinkSocket, *, most: int) -> Viewer:
        is_page = prefix == "p"
        if sum(viewer.is_page == is_page for viewer in self) >= most:
            raise TooMany("too-many-viewers", f"more than {most} watch already")
        self._so_far += 1
        viewer = Viewer(f"{prefix}{self._so_far}", person, socket, self._room, is_page=is_page)
        self._viewers[viewer.id] = viewer
        self._tell_who_watches()
        return viewer

    def _tell_who_watches(self) -> None:
        viewers = {viewer.id: viewer.person for viewer in self}
        for viewer in self:
            viewer.send(Watching(viewer.id, viewers))
        self._changed()
