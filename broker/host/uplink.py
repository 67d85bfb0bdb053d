"""The uplink: carries messages between the recorder and the broker, and looks into few of them.

The only process on the customer's host that talks to the network while a session runs. It is
started by the recorder with one end of a socket pair, told where to dial, and dials again, with
full jitter, until it is told to leave or the recorder is gone. If it dies, nothing is lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import socket
from typing import Optional

from websockets.exceptions import InvalidHandshake, InvalidURI

from broker.host.broker_socket import BrokerSocket, dial
from broker.host.local import PackedLink
from broker.host.tasks import spawn
from broker.wire.codec import decode, encode, is_text, type_name
from broker.wire.errors import RemoteProtocolError
from broker.wire.messages import Dial, Hello, Leave, LinkDown, LinkUp

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 10.0
_GOODBYE_SECONDS = 1.5
"""A little less than the recorder waits for its uplink."""

# Enough of a message to know its type without decoding it.
_HELLO, _LEAVE, _DOWN = (
    f'{{"type":"{type_name(kind)}"'.encode() for kind in (Hello, Leave, LinkDown)
)


class Uplink:
    """One uplink: the recorder at one side, and the broker, when it is there, at the other."""

    def __init__(self) -> None:
        self.recorder = PackedLink(
            self._from_recorder, self._recorder_gone, self._recorder_has_room
        )
        self._broker: Optional[BrokerSocket] = None
        self._greeted = False
        self._given_up = False
        self._url = ""
        self._told_to_dial = asyncio.Event()
        self._leaving = asyncio.Event()

    async def run(self) -> None:
        """Dial, and dial again, until it is time to leave."""
        await self._told_to_dial.wait()
        attempt = 0
        loop = asyncio.get_running_loop()
        while not self._leaving.is_set():
            attempt += 1
            began = loop.time()
            self.recorder.send(LinkDown(await self._connect(attempt)))
            if loop.time() - began > _LONGEST_PAUSE_SECONDS:
                attempt = 0
            longest = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2 ** min(attempt, 10))
            with contextlib.suppress(asyncio.TimeoutError):
                pause = random.uniform(0, longest)  # noqa: S311 - jitter, no secret
                await asyncio.wait_for(self._leaving.wait(), pause)
        self.recorder.close()

    async def _connect(self, attempt: int) -> str:
        """One connection, from dialling to its end; why it ended."""
        try:
            broker = await self._dialled()
        except InvalidURI:
            return "not a URL of a broker"
        except InvalidHandshake as error:
            return f"not answered as by a broker: {error}"
        except (OSError, asyncio.TimeoutError) as error:
            return str(error) or "no answer"
        if broker is None:
            return "left"
        self._broker, self._greeted, self._given_up = broker, False, False
        if self._leaving.is_set():
            await broker.close()
        self.recorder.send(LinkUp(attempt))
        await broker.wait_closed()
        self._broker = None
        self.recorder.resume()
        return "given up" if self._given_up else f"closed ({broker.close_code})"

    async def _dialled(self) -> Optional[BrokerSocket]:
        """A connection; None where it is time to leave first. Raises what ``dial`` does."""
        loop = asyncio.get_running_loop()
        dialling = loop.create_task(dial(self._url, self._from_broker, self._broker_full))
        leaving = loop.create_task(self._leaving.wait())
        try:
            await asyncio.wait((dialling, leaving), return_when=asyncio.FIRST_COMPLETED)
            if dialling.done():
                return dialling.result()
            dialling.cancel()
            await asyncio.wait((dialling,))
            return None
        finally:
            leaving.cancel()
            dialling.cancel()

    def _from_recorder(self, encoded: bytes) -> None:
        broker = self._broker
        if not self._told_to_dial.is_set():
            message = decode(encoded)
            if isinstance(message, Leave):
                self._leave()
            elif isinstance(message, Dial):
                self._url = message.url
                self._told_to_dial.set()
            else:
                raise RemoteProtocolError("unexpected", "the recorder says where to dial first")
        elif encoded.startswith(_LEAVE):
            if broker is not None:
                broker.pass_on(encoded)
            self._leave()
        elif broker is None:
            return  # meant for the link that is gone
        elif encoded.startswith(_DOWN):
            self._give_up()
        elif self._greeted or encoded.startswith(_HELLO):
            self._greeted = True
            broker.pass_on(encoded)

    def _from_broker(self, encoded: bytes) -> None:
        if _is_ours(encoded):
            self._give_up()
            return
        self.recorder.pass_on(encoded)
        if self.recorder.full and self._broker is not None:
            self._broker.transport.pause_reading()

    def _give_up(self) -> None:
        """Drop the connection: no close handshake, which whoever is silent would not answer."""
        self._given_up = True
        if self._broker is not None:
            self._broker.transport.abort()

    def _recorder_has_room(self) -> None:
        if self._broker is not None:
            self._broker.transport.resume_reading()

    def _broker_full(self, full: bool) -> None:
        if full:
            self.recorder.pause()
        else:
            self.recorder.resume()

    def _recorder_gone(self) -> None:
        if not self._leaving.is_set() and self._broker is not None:
            self._broker.pass_on(encode(Leave("recorder-lost")))
        self._leave()

    def _leave(self) -> None:
        self._leaving.set()
        self._told_to_dial.set()
        if self._broker is not None:
            spawn(self._broker.close(), lambda _: None)
            # A broker that reads nothing answers no close either.
            loop = asyncio.get_running_loop()
            loop.call_later(_GOODBYE_SECONDS, self._broker.transport.abort)


def _is_ours(encoded: bytes) -> bool:
    """Whether a broker says what only an uplink says: the recorder would believe it."""
    # Their names begin so, unless they are spelled with escapes. All else is not read here.
    if not is_text(encoded) or not (b"link_" in encoded or b"\\" in encoded):
        return False
    try:
        return isinstance(decode(encoded), (LinkUp, LinkDown))
    except RemoteProtocolError:
        return False  # the recorder finds out as well, and answers it


async def run(sock: socket.socket) -> None:
    """Serve the recorder at the other end of ``sock`` until it leaves or is gone."""
    uplink = Uplink()
    await asyncio.get_running_loop().create_connection(lambda: uplink.recorder, sock=sock)
    await uplink.run()


def main(fd: int) -> int:
    """Run as a process; ``fd`` is our end of the recorder's socket pair."""
    asyncio.run(_run(socket.socket(fileno=fd)))
    return 0


async def _run(sock: socket.socket) -> None:
    await run(sock)
    os._exit(0)  # a name that is being looked up, in a thread, would be waited for
