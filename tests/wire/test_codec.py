from __future__ import annotations

import base64
import json
from dataclasses import asdict, fields
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.wire import codec
from broker.wire.codec import (
    MAX_DATA_BYTES,
    MAX_MESSAGE_BYTES,
    Unpacker,
    append_head,
    decode,
    encode,
    is_text,
    pack,
    type_name,
)
from broker.wire.errors import LocalProtocolError, RemoteProtocolError, WireError
from broker.wire.messages import (
    BINARY,
    CONTROL,
    Append,
    Held,
    Input,
    LinkUp,
    Message,
    Output,
    Ping,
    Snapshot,
    Welcome,
)

GOLDEN = Path(__file__).parent.parent / "golden" / "messages.json"

NAME = "run-1.terminal-1.cast"
_VALUES: dict[str, Any] = {
    "str": 'words: é 漢 \u001b "quoted"',
    "int": 42,
    "float": 1732290000.125,
    "bool": True,
    "Dict[str, int]": {NAME: 7},
    "Dict[str, str]": {"v1": "alice"},
    "Dict[str, Any]": {"link": "up", "streams": [{"name": NAME, "size": 3}]},
    "List[str]": [NAME, "run-1.log"],
}


def one_of_each() -> list[Message]:
    """Every message of the protocol, its fields filled."""
    binary: list[Message] = [
        Append(NAME, 2**40, b'[1.5, "o", "hi\\r\\n"]\n'),
        Input(NAME, "v1", b"ls\r"),
        Output(NAME, bytes(range(256))),
        Snapshot(NAME, 1234, 500, 200, b"\x1b[2Jscreen"),
    ]
    control = [kind(**{f.name: _VALUES[str(f.type)] for f in fields(kind)}) for kind in CONTROL]
    return [*binary, *control]


def as_golden(message: Message) -> dict[str, Any]:
    body = {
        key: base64.b64encode(value).decode() if isinstance(value, bytes) else value
        for key, value in asdict(message).items()
    }
    return {"name": type_name(type(message)), "message": body, "hex": encode(message).hex()}


def test_golden_file_holds_every_message_as_it_is_encoded() -> None:
    # Another language's codec reads this file (web/test). It changes with the protocol only:
    # python -m tests.wire.test_codec writes it anew.
    assert json.loads(GOLDEN.read_text()) == [as_golden(message) for message in one_of_each()]


@pytest.mark.parametrize("message", one_of_each(), ids=lambda message: type(message).__name__)
def test_every_message_survives_the_wire(message: Message) -> None:
    encoded = encode(message)
    assert decode(encoded) == message
    assert is_text(encoded) == (not isinstance(message, BINARY))
    if is_text(encoded):
        assert decode(encoded.decode()) == message


@pytest.mark.parametrize("message", one_of_each(), ids=lambda message: type(message).__name__)
def test_a_message_cut_short_is_refused_or_another_valid_one(message: Message) -> None:
    encoded = encode(message)
    for size in range(len(encoded)):
        try:
            shorter = decode(encoded[:size])
        except RemoteProtocolError:
            continue
        assert type(shorter) is type(message)  # data, not structure, was cut
        assert isinstance(message, BINARY)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "malformed"),
        (b"\x09abc", "unknown-type"),
        (b"\x01\x05ab", "malformed"),
        (b"\x01\x02\xff\xff" + b"\0" * 8, "malformed"),
        (b"{", "malformed"),
        (b'{"type":"ping"}', "malformed"),
        (b'{"type":"ping","n":"1"}', "malformed"),
        (b'{"type":"ping","n":true}', "malformed"),
        (b'{"type":"ping","n":-2}', "malformed"),
        (b'{"type":"sudo"}', "unknown-type"),
        (b'{"type":["ping"]}', "unknown-type"),
        (b"{\xff}", "malformed"),
        (b'{"type":"welcome","protocol":1,"wall":NaN,"held":{}}', "malformed"),
        (b'{"type":"welcome","protocol":1,"wall":1,"held":{"a":-1}}', "malformed"),
        (b'{"type":"welcome","protocol":1,"wall":1,"held":[]}', "malformed"),
        (b'{"a":' * 30_000, "too-long"),
        (b'{"a":' * 10_000, "malformed"),
        (b"\x01\x01a" + b"\0" * (MAX_MESSAGE_BYTES + 1), "too-long"),
    ],
)
def test_bad_messages_are_refused_with_a_code(raw: bytes, code: str) -> None:
    with pytest.raises(RemoteProtocolError) as raised:
        decode(raw)
    assert raised.value.code == code


def test_unknown_fields_are_ignored() -> None:
    assert decode('{"type":"ping","n":1,"more":[1]}') == Ping(1)


def test_a_float_field_takes_a_whole_number() -> None:
    welcome = decode('{"type":"welcome","protocol":1,"instance":"b1","wall":5,"held":{}}')
    assert welcome == Welcome(1, "b1", 5, {})


def test_too_much_data_or_too_long_a_name_is_our_defect() -> None:
    with pytest.raises(LocalProtocolError):
        encode(Append(NAME, 0, b"x" * (MAX_DATA_BYTES + 1)))
    with pytest.raises(LocalProtocolError):
        encode(Append("n" * 256, 0, b""))


def test_append_head_is_what_precedes_the_data() -> None:
    assert append_head(NAME, 5) + b"abc" == encode(Append(NAME, 5, b"abc"))


def test_type_names_are_snake_case() -> None:
    assert [type_name(kind) for kind in (Held, LinkUp)] == ["held", "link_up"]


@given(st.binary(max_size=200))
def test_no_bytes_break_the_decoder(raw: bytes) -> None:
    try:
        message = decode(raw)
    except WireError:
        return
    assert decode(encode(message)) == message


@given(st.lists(st.binary(max_size=50)), st.randoms(use_true_random=False))
def test_unpacker_gives_what_was_packed_however_it_is_cut(
    pieces: list[bytes], random: Random
) -> None:
    packed = b"".join(pack(piece) for piece in pieces)
    unpacker, at = Unpacker(), 0
    found: list[bytes] = []
    while at < len(packed):
        size = random.randint(1, 20)
        found += unpacker.feed(packed[at : at + size])
        at += size
    assert found == pieces


def test_unpacker_refuses_an_oversized_message_before_it_is_there() -> None:
    with pytest.raises(RemoteProtocolError) as raised:
        list(Unpacker().feed((MAX_MESSAGE_BYTES + 1).to_bytes(4, "big")))
    assert raised.value.code == "too-long"


def test_a_full_append_fits_into_a_message() -> None:
    full = encode(Append("run-99999.terminal-999.cast", 2**63, b"x" * MAX_DATA_BYTES))
    assert len(full) <= MAX_MESSAGE_BYTES
    assert isinstance(codec.decode(full), Append)


def test_half_a_character_is_no_text() -> None:
    with pytest.raises(RemoteProtocolError, match="field reason"):
        decode(b'{"type":"leave","reason":"\\ud800"}')


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps([as_golden(one) for one in one_of_each()], indent=1) + "\n")
