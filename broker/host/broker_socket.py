"""The websocket to the broker, as callbacks: what arrives is handed on in the same loop turn.

``websockets`` dials, speaks TLS and proxies, and frames; its queues and tasks, which cost a key
more time than the network does, are left out by way of its ``create_connection`` hook.
"""

from __future__ import annotations

from typing import Any, Callable, List, Type, cast

from websockets.asyncio.client import ClientConnection, connect
from websockets.frames import DATA_OPCODES, Frame
from websockets.protocol import State

from broker.wire.codec import MAX_MESSAGE_BYTES, is_text

_OPEN_SECONDS = 10.0
_CLOSE_SECONDS = 1.0
_WRITE_BYTES = 256 * 1024


class BrokerSocket(ClientConnection):
    """One connection to a broker.

    ``on_message`` gets each whole message, in order, and ``on_flow`` is called with True when more
    is queued for the broker than it takes, with False when it has taken it.
    """

    on_message: Callable[[bytes], None]
    on_flow: Callable[[bool], None]

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - websockets' own
        super().__init__(*args, **kwargs)
        self._pieces: List[bytes] = []

    def process_event(self, event: object) -> None:
        """Called by websockets with every frame."""
        if not isinstance(event, Frame) or event.opcode not in DATA_OPCODES:
            super().process_event(cast("Any", event))
        elif event.fin and not self._pieces:
            self.on_message(bytes(event.data))
        else:  # something between us and the broker has cut a message
            self._pieces.append(bytes(event.data))
            if event.fin:
                pieces, self._pieces = self._pieces, []
                self.on_message(b"".join(pieces))

    def pass_on(self, encoded: bytes) -> None:
        """Send one encoded message; nothing happens where the connection is closing."""
        if self.protocol.state is not State.OPEN:
            return
        if is_text(encoded):
            self.protocol.send_text(encoded)
        else:
            self.protocol.send_binary(encoded)
        self.send_data()

    def pause_writing(self) -> None:
        """Called by asyncio."""
        super().pause_writing()
        self.on_flow(True)

    def resume_writing(self) -> None:
        """Called by asyncio."""
        super().resume_writing()
        self.on_flow(False)


async def dial(
    url: str, on_message: Callable[[bytes], None], on_flow: Callable[[bool], None]
) -> BrokerSocket:
    """Connect to a broker. Raises what ``websockets.connect`` does. Safe to cancel."""

    def create(*args: Any, **kwargs: Any) -> BrokerSocket:  # noqa: ANN401 - websockets' own
        made = BrokerSocket(*args, **kwargs)
        made.on_message, made.on_flow = on_message, on_flow
        return made

    connection = await connect(
        url,
        create_connection=cast("Type[ClientConnection]", create),
        compression=None,
        max_size=MAX_MESSAGE_BYTES,
        open_timeout=_OPEN_SECONDS,
        close_timeout=_CLOSE_SECONDS,
        ping_interval=None,  # the recorder and the broker ask each other, end to end
        write_limit=_WRITE_BYTES,
    )
    return cast("BrokerSocket", connection)
