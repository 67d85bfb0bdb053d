"""The socket on which the kernel tells of programs that begin."""

from __future__ import annotations

import ctypes
import socket
import struct
from contextlib import suppress
from pathlib import Path
from typing import List, Optional, Union

from broker.host.execs.connector import (
    GROUP,
    PROTOCOL,
    Begun,
    Forked,
    events,
    packet_filter,
    subscription,
)

_SOL_NETLINK, _ADD_MEMBERSHIP = 270, 1  # linux/socket.h, linux/netlink.h
_SO_ATTACH_FILTER = 26
_SO_RCVBUFFORCE = 33
_BUFFER_BYTES = 16 * 1024 * 1024
_LONGEST = 4096


class Source:
    """Subscribed from its making to ``close``. Raises OSError where the kernel refuses."""

    def __init__(self) -> None:
        kind = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        self._socket = socket.socket(socket.AF_NETLINK, kind, PROTOCOL)
        try:
            self._socket.bind((0, 0))
            self._filter(packet_filter())
            self._widen()
            self._port = self._socket.getsockname()[0]
            # Joined only with the filter in place, so that nothing else is ever queued.
            self._socket.setsockopt(_SOL_NETLINK, _ADD_MEMBERSHIP, GROUP)
            self._socket.send(subscription(self._port, wanted=True))
        except OSError:
            self._socket.close()
            raise

    def fileno(self) -> int:
        """To wait on."""
        return self._socket.fileno()

    def read(self) -> Optional[List[Union[Forked, Begun]]]:
        """What comes next, empty where nothing waits; None: some was lost for want of room."""
        try:
            return list(events(self._socket.recv(_LONGEST)))
        except BlockingIOError:
            return []
        except OSError:  # ENOBUFS
            return None

    def close(self) -> None:
        """Ask for no more: older kernels would go on telling nobody."""
        with suppress(OSError):
            self._socket.send(subscription(self._port, wanted=False))
        self._socket.close()

    def _filter(self, program: bytes) -> None:
        kept = ctypes.create_string_buffer(program, len(program))
        described = struct.pack("@HP", len(program) // 8, ctypes.addressof(kept))  # sock_fprog
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, described)

    def _widen(self) -> None:
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
        except PermissionError:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)


def silent_because(error: Optional[OSError]) -> str:
    """Why the kernel tells this process of no programs, as far as can be known."""
    with suppress(OSError):
        for space, first in (("pid", 0xEFFFFFFC), ("user", 0xEFFFFFFD)):  # proc_ns.h
            if Path(f"/proc/self/ns/{space}").stat().st_ino != first:
                return "in a container the kernel tells of no programs that are begun"
    if isinstance(error, PermissionError):
        return "without root this kernel tells of no programs that are begun"
    if error is not None:
        return f"this kernel tells of no programs that are begun: {error.strerror}"
    return "this kernel tells of no programs that are begun"
