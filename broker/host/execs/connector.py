"""What the kernel's process connector says of a program that begins. Pure.

A netlink message holds a connector message, and that one a process event: linux/netlink.h,
linux/connector.h, linux/cn_proc.h. All in the host's byte order.
"""

from __future__ import annotations

import struct
import sys
from typing import Iterator, List, NamedTuple, Union

PROTOCOL = 11
"""NETLINK_CONNECTOR."""
GROUP = 1
"""CN_IDX_PROC, as a group and as an index."""

_NETLINK = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_CONNECTOR = struct.Struct("=IIIIHH")  # index, value, sequence, acknowledged, length, flags
_EVENT = struct.Struct("=IIQ")  # what, processor, nanoseconds
_IDS = struct.Struct("=II")  # thread, process
_EVENT_AT = _NETLINK.size + _CONNECTOR.size
_IDS_AT = _EVENT_AT + _EVENT.size
_NLMSG_DONE = 3
_LISTEN, _IGNORE = 1, 2
_FORK, _EXEC = 1, 2

# Instructions of a classic BPF program, as SO_ATTACH_FILTER takes them: code, jumps, operand.
_INSTRUCTION = struct.Struct("=HBBI")
_LOAD_WORD, _TO_X, _JUMP_EQUAL, _JUMP_EQUAL_X, _RETURN = 0x20, 0x07, 0x15, 0x1D, 0x06
_ALL, _NOTHING = 0xFFFFFFFF, 0


class Forked(NamedTuple):
    """A process has begun as a copy of its parent."""

    parent: int
    pid: int


class Begun(NamedTuple):
    """A process runs a program."""

    pid: int


def subscription(port: int, *, wanted: bool) -> bytes:
    """What asks for events, or for none any more; ``port`` is the asking process."""
    body = struct.pack("=I", _LISTEN if wanted else _IGNORE)
    connector = _CONNECTOR.pack(GROUP, GROUP, 0, 0, len(body), 0)
    length = _NETLINK.size + len(connector) + len(body)
    return _NETLINK.pack(length, _NLMSG_DONE, 0, 0, port) + connector + body


def events(data: bytes) -> Iterator[Union[Forked, Begun]]:
    """The events in what was received at once, in order; what is no such event is passed over."""
    at = 0
    while at + _IDS_AT + _IDS.size <= len(data):
        length = _NETLINK.unpack_from(data, at)[0]
        group = _CONNECTOR.unpack_from(data, at + _NETLINK.size)[:2]
        what = _EVENT.unpack_from(data, at + _EVENT_AT)[0]
        if group == (GROUP, GROUP):
            if what == _EXEC:
                yield Begun(_IDS.unpack_from(data, at + _IDS_AT)[1])
            elif what == _FORK and at + _IDS_AT + 2 * _IDS.size <= len(data):
                parent = _IDS.unpack_from(data, at + _IDS_AT)[1]
                thread, pid = _IDS.unpack_from(data, at + _IDS_AT + _IDS.size)
                if thread == pid:
                    yield Forked(parent, pid)
        if length < _NETLINK.size:
            return
        at += length + 3 & ~3


def packet_filter() -> bytes:
    """A program for the kernel: of all events, only these reach us. A thread is no process."""
    child = _IDS_AT + _IDS.size
    program: List[bytes] = [
        _INSTRUCTION.pack(_LOAD_WORD, 0, 0, _EVENT_AT),
        _INSTRUCTION.pack(_JUMP_EQUAL, 5, 0, _in_packet_order(_EXEC)),
        _INSTRUCTION.pack(_JUMP_EQUAL, 0, 5, _in_packet_order(_FORK)),
        _INSTRUCTION.pack(_LOAD_WORD, 0, 0, child),
        _INSTRUCTION.pack(_TO_X, 0, 0, 0),
        _INSTRUCTION.pack(_LOAD_WORD, 0, 0, child + 4),
        _INSTRUCTION.pack(_JUMP_EQUAL_X, 0, 1, 0),
        _INSTRUCTION.pack(_RETURN, 0, 0, _ALL),
        _INSTRUCTION.pack(_RETURN, 0, 0, _NOTHING),
    ]
    return b"".join(program)


def _in_packet_order(value: int) -> int:
    """A word of ours as a filter loads it: it takes packets to be big-endian."""
    return int.from_bytes(value.to_bytes(4, sys.byteorder), "big")
