"""Starts the uplink, and starts it again when it dies, for as long as the link is wanted.

Wanted and not: where the customer has cut the link there is no uplink, and so no process on the
host that talks to the network.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from typing import Callable, List, Optional

from broker.host.invocation import command
from broker.host.local import PackedLink
from broker.host.pty import User
from broker.host.tasks import spawn
from broker.wire.messages import Dial, Leave

_RESTART_SECONDS = 1.0
_GOODBYE_SECONDS = 2.0


class UplinkProcess:
    """The uplink of one session.

    ``on_up`` is called with each new uplink's link, ``on_encoded`` with its messages, ``on_lost``
    when it is gone, whatever the reason.
    """

    def __init__(
        self,
        url: str,
        user: User,
        *,
        on_up: Callable[[PackedLink], None],
        on_encoded: Callable[[bytes], None],
        on_lost: Callable[[str], None],
        on_room: Callable[[], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._url = url
        self._user = user
        self._on_up = on_up
        self._on_encoded = on_encoded
        self._on_lost = on_lost
        self._on_room = on_room
        self._wanted = asyncio.Event()
        self._link: Optional[PackedLink] = None
        self._process: Optional[asyncio.subprocess.Process] = None
        self._leaving = asyncio.Event()
        self._none = asyncio.Event()
        self._none.set()
        self._closed = False
        self._failed = failed
        spawn(self._keep(), failed)

    @property
    def processes(self) -> List[int]:
        """The uplink's process, while there is one."""
        return [] if self._process is None else [self._process.pid]

    @property
    def wanted(self) -> bool:
        """Whether there should be a link."""
        return self._wanted.is_set()

    def start(self) -> None:
        """The link is wanted from now on; nothing happens after ``close``."""
        if not self._closed:
            self._wanted.set()

    def leave(self, reason: str) -> None:
        """The link is not wanted any more: the uplink says so to the broker and ends."""
        self._wanted.clear()
        if self._link is not None:
            self._link.send(Leave(reason))
        self._leaving.set()

    def close(self) -> None:
        """The recorder ends: if there is an uplink it leaves, and there will be no other."""
        self._closed = True
        if self._wanted.is_set():
            self.leave("recorder-lost")

    def end(self) -> None:
        """This uplink is of no use any more; where the link is wanted, another one is started."""
        if self._process is not None:
            self._process.kill()

    async def gone(self) -> None:
        """Wait until an uplink that was told to leave has."""
        await self._none.wait()

    async def _keep(self) -> None:
        while True:
            await self._wanted.wait()
            if not self._wanted.is_set():
                continue  # cut again in the same turn of the loop
            self._leaving.clear()
            self._none.clear()
            try:
                status = await self._run()
            except OSError as error:  # no process can be made now
                self._failed(error)
                status = -1
            finally:
                self._none.set()
            self._on_lost("left" if not self._wanted.is_set() else f"the uplink ended ({status})")
            if self._wanted.is_set():
                await asyncio.sleep(_RESTART_SECONDS)

    async def _run(self) -> int:
        """One uplink process, from start to end; its exit status."""
        ours, theirs = socket.socketpair()
        try:
            process = await self._started(theirs)
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._process = process
        _, link = await asyncio.get_running_loop().create_connection(
            lambda: PackedLink(self._on_encoded, lambda: None, self._on_room), sock=ours
        )
        self._link = link
        try:
            self._on_up(link)
            left = self._leaving.is_set()  # told so while the process was being made
            link.send(Leave("disconnected") if left else Dial(self._url))
            return await self._ended(process)
        finally:
            self._link = self._process = None
            link.close()

    async def _started(self, theirs: socket.socket) -> asyncio.subprocess.Process:
        drop = os.geteuid() == 0 and self._user.uid != 0
        return await asyncio.create_subprocess_exec(
            *command("uplink", str(theirs.fileno())),
            pass_fds=(theirs.fileno(),),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=sys.stderr,
            start_new_session=True,
            user=self._user.uid if drop else None,
            group=self._user.gid if drop else None,
            extra_groups=[] if drop else None,
        )

    async def _ended(self, process: asyncio.subprocess.Process) -> int:
        """Wait for the process; once it was told to leave, not for ever."""
        ended = asyncio.get_running_loop().create_task(process.wait())
        told = asyncio.get_running_loop().create_task(self._leaving.wait())
        try:
            await asyncio.wait((ended, told), return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                await asyncio.wait((ended,), timeout=_GOODBYE_SECONDS)
            return ended.result() if ended.done() else 0
        finally:
            told.cancel()
            if not ended.done():
                ended.cancel()
                process.kill()
                await process.wait()
