"""The broker: its real room and host's handler, on a disk and a network that are simulated."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from broker.recording.presence import Shown
from broker.recording.statements import Certificate
from broker.server.access import hashed
from broker.server.at_rest.standing import Standing
from broker.server.http.host_socket import HostSockets
from broker.server.identity import Identity, Ring, Signer
from broker.server.room import Room, Services
from broker.server.stores.metadata import Case, Session
from broker.server.stores.recordings import Recordings
from broker.server.tasks import Tasks
from broker.wire.errors import RemoteProtocolError
from broker.wire.messages import Error, Message
from tests.simulation.disk import Disk
from tests.simulation.files import SimPath
from tests.simulation.host import SESSION, TOKEN
from tests.simulation.loop import Life, VirtualLoop
from tests.simulation.network import Connection, Network

RETRY_SECONDS = 2.0
_SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(b"s" * 32))
_RING = Ring(_SIGNER, (Certificate(_SIGNER.public, 0, b""),))


class Vendor:
    """The broker's machine: its disk and, most of the time, a broker."""

    def __init__(
        self,
        loop: VirtualLoop,
        disk: Disk,
        network: Network,
        say: Callable[[str], None],
        sent: Callable[[Message], None],
        wrong: Callable[[str], None],
        began: Callable[[], None],
    ) -> None:
        self.disk = disk
        self.life: Life | None = None
        self.room: Room | None = None
        self._loop = loop
        self._network = network
        self._say = say
        self._sent = sent
        self._wrong = wrong
        self._began = began
        self._sockets: HostSockets
        self._session = Session(
            SESSION, Case("c1", "c", 0.0), "alice", hashed(TOKEN), "control", "pause", 1e9, "h",
            "u", 0.0, "", None, Shown("waiting", 0.0),
        )  # fmt: skip

    def start(self) -> None:
        """Start a broker, if there is none."""
        if self.life is not None:
            return
        life = self.life = Life("broker")
        life.ended = lambda: self.disk.close_all(life)
        life.run(lambda: self._loop.create_task(self._begin(life)))

    async def _begin(self, life: Life) -> None:
        recordings = Recordings(SimPath("/broker/recordings"))  # type: ignore[arg-type]
        nothing: Any = SimpleNamespace(
            grew=lambda *args: None, close=lambda: None, follow=lambda path: nothing
        )
        identity = Identity(SimPath("/broker/identity.key"), _RING)  # type: ignore[arg-type]
        services = Services(recordings, nothing, nothing, identity, Tasks())

        async def completed(room: Room) -> None:
            self._session = room.session = replace(room.session, completed=1.0)

        room = Room(
            self._session, services, lambda room, at_once: None, lambda room, told: None, completed
        )

        def restore() -> None:
            recordings.prepare()
            room.restore(Standing(), recordings.settle(SESSION), 0.0)

        try:
            await asyncio.to_thread(restore)
        except OSError as why:
            self._say(f"broker: no start: {why}")
            self._network.at(self._loop.time() + RETRY_SECONDS, self.start)
            self.life = None
            life.end()
            return
        held = {name: copy.held for name, copy in sorted(room.copies.items())}
        self._say(f"broker: began, holds {held}")
        self._began()
        self.room = room
        hub: Any = SimpleNamespace(room=lambda session: room, complete=completed)
        connections: Any = None
        self._sockets = HostSockets(hub, connections)
        self._network.listener = lambda connection: self._accept(life, connection)

    def _accept(self, life: Life, connection: Connection) -> None:
        connection.broker.serve(life, self._sent, self._complaint)
        life.run(lambda: self._loop.create_task(self._serve(connection.broker)))

    def _complaint(self, error: Error) -> None:
        self._wrong(f"the host complains of the broker: {error.code}: {error.message}")

    async def _serve(self, socket: Any) -> None:  # noqa: ANN401 - a LinkSocket, as far as it is used
        try:
            await self._sockets._serve(socket)
        except RemoteProtocolError as error:
            socket.fail(error.code, error.message)
            told = f"the broker complains of the host: {error.code}: {error.message}"
            # More was on its way from before a loss of power; this link had been given up before.
            if error.code in ("incomplete", "late"):
                self._say(told)
            else:
                self._wrong(told)
        except OSError as error:
            self._say(f"broker: {error}")
            socket.close(1011)
        else:
            socket.close(1000)

    def kill(self) -> None:
        """The process is killed; its kernel tells whoever is connected."""
        self._stop(tell=True)

    def lose_power(self) -> None:
        """All of it stops, and says nothing."""
        self._stop(tell=False)
        self.disk.lose_power()

    def _stop(self, *, tell: bool) -> None:
        life, self.life, self.room = self.life, None, None
        self._network.listener = None
        if life is not None:
            life.end()
        for one in list(self._network.connections):
            if not one.broker.gone:
                if tell:
                    one.tell(False, lambda one=one: one.host.closed(1006))  # type: ignore[misc]
                one.broker.closed()
