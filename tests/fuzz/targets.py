"""What is fuzzed: each target takes bytes, and lets nothing escape but what it says."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qsl

from broker.evidence.opening import opened
from broker.evidence.source import Unreadable
from broker.evidence.verifying import as_json as verified_as_json
from broker.evidence.verifying import verify
from broker.host import marks
from broker.host.page_acts import PageActs
from broker.host.refusal import NotDone
from broker.recording import asciicast, away, commands, session_log, timeline
from broker.recording.asciicast import BadCast
from broker.recording.drift import says
from broker.recording.invitation import to_sign
from broker.recording.log_reader import LogReader
from broker.recording.receipts import lines, read
from broker.recording.session_log import Entry
from broker.recording.stretches import ranges, stretches
from broker.recording.verification import Bytes, as_json, judge, offsets
from broker.recording.watched import declared, directories
from broker.server.access import _normal
from broker.server.search.query import BadQuery
from broker.server.search.query import read as read_query
from broker.wire.codec import Unpacker, decode, encode
from broker.wire.errors import LocalProtocolError, RemoteProtocolError

CORPUS = Path(__file__).parent / "corpus"


def frame(data: bytes) -> None:
    """A message, as it comes on a websocket; what is understood can be said again."""
    with suppress(RemoteProtocolError):
        message = decode(data)
        with suppress(LocalProtocolError):
            assert decode(encode(message)) == message


def text_frame(data: bytes) -> None:
    """A control message, as a websocket's text frame has it."""
    with suppress(RemoteProtocolError, UnicodeDecodeError):
        decode(data.decode())


def unix_socket(data: bytes) -> None:
    """Messages on a socket, cut anywhere."""
    unpacker = Unpacker()
    with suppress(RemoteProtocolError):
        for at in range(0, len(data), 7):
            for encoded in unpacker.feed(data[at : at + 7]):
                decode(encoded)


def cast(data: bytes) -> None:
    """A recording."""
    text = data.decode("utf-8", "replace").split("\n")
    with suppress(BadCast):
        asciicast.read_header(text[0])
    for line in text[1:]:
        with suppress(BadCast):
            event = asciicast.read_event(line)
            asciicast.read_size(event.text)
    with suppress(BadCast):
        list(asciicast.to_v3(line + "\n" for line in text))


def entries(data: bytes) -> list[Entry]:
    """A session log, as the broker and whoever verifies read it."""
    reader = LogReader()
    return [entry for at in range(0, len(data), 999) for entry in reader.feed(data[at : at + 999])]


def log(data: bytes) -> None:
    """A session log, and all that is told of it."""
    found = entries(data)
    timeline.as_json(timeline.tell(found))
    json.dumps(away.tell(found))
    json.dumps(commands.tell(found))
    for entry in found:
        timeline.label(entry)
        if entry["event"] == "drift":
            for change in entry["changes"]:
                with suppress(LookupError, TypeError, ValueError, AttributeError):
                    says(change)
    stretches([], found)


def log_line(data: bytes) -> None:
    """One line of it."""
    with suppress(session_log.BadLog, UnicodeDecodeError):
        session_log.decode(data.decode())


def receipts(data: bytes) -> None:
    """A receipts file, and what is judged by it."""
    found = read("s1", data)
    assert found.chain.size <= len(data)
    assert found.bad is not None or found.chain.size == len(data)
    there = {name: Bytes(at[-1], dict.fromkeys(at, "")) for name, at in offsets(found).items()}
    judged = judge(found, there, frozenset(key for key, _ in found.chain.signers))
    json.dumps(as_json(judged))
    timed = [(one, 0.0, 1.0) for one in ranges(found.statements, dict.fromkeys(there, 5))]
    stretches(timed, [])
    assert b"".join(lines(data)) == data


def bundle(data: bytes) -> None:
    """A bundle: whatever is wrong with it is said of it, or it can't be read at all."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        path = Path(folder) / "s.zip"
        path.write_bytes(data)
        with suppress(Unreadable):
            json.dumps(verified_as_json(verify(opened(path), set())))


def invitation(data: bytes) -> None:
    """What a broker answers of an invitation: the probes and folders that a vendor wants."""
    with suppress(ValueError, RecursionError):
        told = json.loads(data)
        if isinstance(told, dict):
            to_sign(told, "nonce")
            with suppress(ValueError):
                declared(told.get("probes", []))
            directories(told.get("trees", []))


def code(data: bytes) -> None:
    """An invitation's code, as somebody typed it."""
    text = data.decode("utf-8", "replace")
    assert _normal(_normal(text)) == _normal(text)


def terminal(data: bytes) -> None:
    """What a terminal prints: marks of ours are taken out, and nothing else is lost."""
    nonce = "0" * 32
    reader = marks.MarkReader(nonce)
    parts = [part for at in range(0, len(data), 5) for part in reader.feed(data[at : at + 5])]
    kept = b"".join(part for part in parts if isinstance(part, bytes)) + reader.finish()
    if nonce.encode() not in data:
        assert kept == data


def act(data: bytes) -> None:
    """What the customer's page wants; here with the right key, so that it is read."""
    from hashlib import sha256
    from hmac import new

    text = data.decode("utf-8", "replace")
    mac = new(b"key", text.encode("utf-8", "replace"), sha256).hexdigest()
    with suppress(NotDone):
        PageActs(b"key", "s1", 1).read(text, mac)


def query(data: bytes) -> None:
    """What somebody searches for, as the address has it."""
    with suppress(BadQuery):
        read_query(dict(parse_qsl(data.decode("utf-8", "replace"))))


TARGETS: dict[str, Callable[[bytes], None]] = {
    one.__name__: one
    for one in (
        frame, text_frame, unix_socket, cast, log, log_line, receipts, bundle, invitation, code,
        terminal, act, query,
    )
}  # fmt: skip


def corpus(target: str) -> Iterator[bytes]:
    """What a target's runs start from, the oldest findings included."""
    for path in sorted((CORPUS / target).iterdir()):
        yield path.read_bytes()
