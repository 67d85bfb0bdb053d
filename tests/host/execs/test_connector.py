"""What is read of the kernel's messages, byte for byte as Linux 6 sends them."""

from __future__ import annotations

import struct

import pytest

from broker.host.execs.connector import Begun, Forked, events, packet_filter, subscription

FORK, EXEC, UID, COMM, EXIT = 1, 2, 4, 0x200, 0x80000000


def message(what: int, *ids: int, group: int = 1, length: int = 76) -> bytes:
    event = struct.pack("=IIQ", what, 1, 123456789) + struct.pack(f"={len(ids)}I", *ids)
    connector = struct.pack("=IIIIHH", group, group, 7, 0, 40, 0)
    whole = struct.pack("=IHHII", length, 3, 0, 0, 0) + connector + event
    return whole.ljust(76, b"\0")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (message(EXEC, 70, 70), [Begun(70)]),
        (message(EXEC, 71, 70), [Begun(70)]),  # by a thread of it
        (message(FORK, 60, 60, 70, 70), [Forked(60, 70)]),
        (message(FORK, 61, 60, 70, 70), [Forked(60, 70)]),
        (message(FORK, 60, 60, 71, 60), []),  # a thread
        (message(0, 0), []),  # it has heard us
        (message(UID, 70, 70), []),
        (message(COMM, 70, 70), []),
        (message(EXIT, 70, 70, 0, 17, 60, 60), []),
        (message(EXEC, 70, 70, group=3), []),
        (message(FORK, 60, 60, 70, 70) + message(EXEC, 70, 70), [Forked(60, 70), Begun(70)]),
        (message(EXEC, 70, 70, length=0) + message(EXEC, 80, 80), [Begun(70)]),
        (message(EXEC, 70, 70, length=0xFFFFFFFF), [Begun(70)]),
        (message(EXEC, 70, 70)[:59], []),
        (message(FORK, 60, 60, 70, 70)[:67], []),
        (b"", []),
    ],
)
def test_messages(data: bytes, told: list[object]) -> None:
    assert list(events(data)) == told


def test_what_is_asked_of_the_kernel() -> None:
    header = struct.pack("=IHHII", 40, 3, 0, 0, 99) + struct.pack("=IIIIHH", 1, 1, 0, 0, 4, 0)
    assert subscription(99, wanted=True) == header + struct.pack("=I", 1)
    assert subscription(99, wanted=False) == header + struct.pack("=I", 2)


@pytest.mark.parametrize(
    ("data", "passes"),
    [
        (message(EXEC, 70, 70), True),
        (message(FORK, 60, 60, 70, 70), True),
        (message(FORK, 60, 60, 71, 60), False),
        (message(COMM, 70, 70), False),
        (message(EXIT, 70, 70, 0, 17, 60, 60), False),
    ],
)
def test_what_the_filter_lets_through(data: bytes, *, passes: bool) -> None:
    code = list(struct.iter_unpack("=HBBI", packet_filter()))
    at = taken = kept = 0
    while True:
        instruction, yes, no, operand = code[at]
        at += 1
        if instruction == 0x20:
            taken = int.from_bytes(data[operand : operand + 4], "big")
        elif instruction == 0x07:
            kept = taken
        elif instruction in (0x15, 0x1D):
            at += yes if taken == (operand if instruction == 0x15 else kept) else no
        else:
            assert bool(operand) == passes
            return
