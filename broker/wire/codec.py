"""Messages to bytes and back; strict, bounded, stateless.

A message is a run of bytes. The first one tells what follows (integers are big-endian):

====  ==========================================================================
0x01  Append: name, offset u64, data
0x02  Input: name of the terminal, name of the viewer, data
0x03  Output: name of the terminal, data
0x04  Snapshot: name, offset u64, cols u16, rows u16, data
0x7B  ``{``: a control message, a JSON object in UTF-8
====  ==========================================================================

A *name* is a length u8 followed by that many bytes of ASCII. On a websocket, control messages
travel as text and all others as binary; on a unix socket, each message is preceded by its length
as u32 (``pack``, ``Unpacker``).
"""

from __future__ import annotations

import json
import re
import struct
from dataclasses import fields
from typing import Any, Callable, Dict, Iterator, List, Tuple, Type, Union, cast

from broker.wire.errors import LocalProtocolError, RemoteProtocolError
from broker.wire.messages import (
    CONTROL,
    Append,
    Control,
    Input,
    Message,
    Output,
    Snapshot,
)

MAX_DATA_BYTES = 64 * 1024
"""The most that one Append, Input or Output carries."""

MAX_MESSAGE_BYTES = MAX_DATA_BYTES + 1024
"""The most that a host or a broker accepts in one message; a longer one costs the link."""

_APPEND, _INPUT, _OUTPUT, _SNAPSHOT, _JSON = 0x01, 0x02, 0x03, 0x04, 0x7B
_U64 = struct.Struct(">Q")
_U32 = struct.Struct(">I")
_PLACE = struct.Struct(">QHH")

_dump = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode

Buffer = Union[bytes, bytearray, memoryview]


def type_name(kind: type) -> str:
    """The ``type`` of a control message's class: ``LinkUp`` is ``link_up``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


def is_text(encoded: Buffer) -> bool:
    """Whether an encoded message travels as websocket text."""
    return encoded[0] == _JSON


def encode(message: Message) -> bytes:
    """Encode one message. Raises LocalProtocolError for names and data out of bounds."""
    if isinstance(message, Append):
        return append_head(message.stream, message.offset) + _data(message.data)
    if isinstance(message, Input):
        head = bytes((_INPUT,)) + _name(message.terminal) + _name(message.by)
        return head + _data(message.data)
    if isinstance(message, Output):
        return bytes((_OUTPUT,)) + _name(message.terminal) + _data(message.data)
    if isinstance(message, Snapshot):
        place = _PLACE.pack(message.offset, message.cols, message.rows)
        return bytes((_SNAPSHOT,)) + _name(message.stream) + place + message.data
    kind = type(message)
    body: Dict[str, Any] = {"type": _NAMES[kind]}
    for one, _ in _FIELDS[kind]:
        body[one] = getattr(message, one)
    return _dump(body).encode()


def append_head(stream: str, offset: int) -> bytes:
    """What precedes the data of an Append, for senders that join the two themselves."""
    return bytes((_APPEND,)) + _name(stream) + _U64.pack(offset)


def decode(encoded: Union[str, Buffer]) -> Message:
    """Decode one message.

    Raises RemoteProtocolError (``malformed``, ``too-long``, ``unknown-type``). Unknown fields of a
    control message are ignored, so that a newer peer may add some.
    """
    if isinstance(encoded, str):
        return _decode_control(encoded)
    if len(encoded) == 0:
        raise RemoteProtocolError("malformed", "an empty message")
    kind = encoded[0]
    if kind == _JSON:
        try:
            return _decode_control(str(encoded, "utf-8"))
        except UnicodeDecodeError:
            raise RemoteProtocolError("malformed", "control message is not UTF-8") from None
    try:
        return _decode_binary(kind, bytes(encoded))
    except (struct.error, IndexError):
        raise RemoteProtocolError("malformed", f"cut short: type {kind:#04x}") from None


def _decode_binary(kind: int, raw: bytes) -> Message:
    if kind == _SNAPSHOT:
        name, at = _read_name(raw, 1)
        offset, cols, rows = _PLACE.unpack_from(raw, at)
        return Snapshot(name, offset, cols, rows, raw[at + _PLACE.size :])
    if len(raw) > MAX_MESSAGE_BYTES:
        raise RemoteProtocolError("too-long", f"message of {len(raw)} bytes")
    if kind == _APPEND:
        name, at = _read_name(raw, 1)
        (offset,) = _U64.unpack_from(raw, at)
        return Append(name, offset, raw[at + 8 :])
    if kind == _INPUT:
        name, at = _read_name(raw, 1)
        by, at = _read_name(raw, at)
        return Input(name, by, raw[at:])
    if kind == _OUTPUT:
        name, at = _read_name(raw, 1)
        return Output(name, raw[at:])
    raise RemoteProtocolError("unknown-type", f"message type {kind:#04x}")


def _decode_control(text: str) -> Control:
    if len(text) > MAX_MESSAGE_BYTES:
        raise RemoteProtocolError("too-long", f"control message of {len(text)} characters")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise RemoteProtocolError("malformed", "control message is not JSON") from None
    if not isinstance(body, dict):
        raise RemoteProtocolError("malformed", "control message is not an object")
    name = body.get("type")
    kind = _CONTROL.get(name) if isinstance(name, str) else None
    if kind is None:
        raise RemoteProtocolError("unknown-type", f"control message {str(name)[:40]!a}")
    values: Dict[str, Any] = {}
    for one, is_right in _FIELDS[kind]:
        value = body.get(one)
        if not is_right(value):
            raise RemoteProtocolError("malformed", f"{name}: field {one}")
        values[one] = value
    return cast("Control", kind(**values))


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _is_number(value: object) -> bool:
    # The bound also refuses NaN and infinities, which json.loads would let in.
    return type(value) in (int, float) and -1e15 < cast("float", value) < 1e15


def _is_int(value: object) -> bool:
    return type(value) is int and -1 <= value < 2**63


def _is_text(value: object) -> bool:
    # JSON can spell halves of characters, which nobody could pass on.
    return isinstance(value, str) and (value.isascii() or _SURROGATE.search(value) is None)


_SURROGATE = re.compile("[\ud800-\udfff]")
_CHECKS: Dict[str, Callable[[object], bool]] = {
    "str": _is_text,
    "int": _is_int,
    "bool": lambda value: isinstance(value, bool),
    "float": _is_number,
    "Dict[str, int]": lambda value: isinstance(value, dict) and all(map(_is_count, value.values())),
    "Dict[str, str]": lambda value: isinstance(value, dict) and all(map(_is_text, value.values())),
    "Dict[str, Any]": lambda value: isinstance(value, dict),
    "List[str]": lambda value: isinstance(value, list) and all(map(_is_text, value)),
}
_NAMES: Dict[type, str] = {kind: type_name(kind) for kind in CONTROL}
_CONTROL: Dict[str, Type[Any]] = {name: kind for kind, name in _NAMES.items()}
_FIELDS: Dict[type, List[Tuple[str, Callable[[object], bool]]]] = {
    kind: [(one.name, _CHECKS[str(one.type)]) for one in fields(kind)] for kind in CONTROL
}


def _name(text: str) -> bytes:
    raw = text.encode("ascii")
    if len(raw) > 255:
        raise LocalProtocolError("too-long", "a name of more than 255 bytes")
    return bytes((len(raw),)) + raw


def _read_name(raw: bytes, at: int) -> Tuple[str, int]:
    end = at + 1 + raw[at]
    piece = raw[at + 1 : end]
    if len(piece) != raw[at]:
        raise RemoteProtocolError("malformed", "a name is cut short")
    try:
        return piece.decode("ascii"), end
    except UnicodeDecodeError:
        raise RemoteProtocolError("malformed", "a name is not ASCII") from None


def _data(data: bytes) -> bytes:
    if len(data) > MAX_DATA_BYTES:
        raise LocalProtocolError("too-long", f"{len(data)} bytes in one message")
    return data


def pack(encoded: Buffer) -> bytes:
    """One encoded message as it stands on a unix socket."""
    return _U32.pack(len(encoded)) + encoded


class Unpacker:
    """Cuts what arrives on a unix socket into encoded messages; holds at most one partial one."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: Buffer) -> Iterator[bytes]:
        """Take in bytes and give every message that is now whole, in order.

        Raises RemoteProtocolError (``too-long``) before buffering an oversized message.
        """
        rest = self._rest
        rest += data
        at = 0
        try:
            while len(rest) - at >= 4:
                (size,) = _U32.unpack_from(rest, at)
                if size > MAX_MESSAGE_BYTES:
                    raise RemoteProtocolError("too-long", f"message of {size} bytes")
                if len(rest) - at - 4 < size:
                    return
                at += 4 + size
                yield bytes(rest[at - size : at])
        finally:
            del rest[:at]
