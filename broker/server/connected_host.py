"""A session's host while it is connected, and what of each stream it knows to be here."""

from dataclasses import dataclass

from broker.server.ingest import Copy
from broker.server.link_socket import LinkSocket
from broker.wire.messages import Held


@dataclass(frozen=True, slots=True)
class ConnectedHost:
    """One connection. ``brought`` and ``told``: offsets by stream; both begin at the welcome's.

    A host takes ``held`` beyond what it sent on this link for a lie, so what an earlier link
    brought is told only when this one has brought it again.
    """

    socket: LinkSocket
    greeted: tuple[int, float]
    """The run and the session time of its hello: a later one has more of either."""
    brought: dict[str, int]
    told: dict[str, int]

    def brings(self, stream: str, end: int) -> None:
        """An append has come that ends there."""
        if end > self.brought.get(stream, 0):
            self.brought[stream] = end

    def tell_held(self, copy: Copy) -> None:
        """Tell how much is durable, where that is more than it was told."""
        offset = min(copy.held, self.brought.get(copy.name, 0))
        if offset > self.told.get(copy.name, 0):
            self.told[copy.name] = offset
            self.socket.send(Held(copy.name, offset))
