from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from broker.host.view.recorder_link import KEYS_BYTES, RecorderLink
from broker.wire.codec import Unpacker, decode, encode, pack
from broker.wire.errors import RemoteProtocolError
from broker.wire.messages import Input, Output, Title


@pytest.fixture
def ends() -> Iterator[tuple[RecorderLink, socket.socket]]:
    ours, theirs = socket.socketpair()
    link = RecorderLink(ours)
    yield link, theirs
    link.close()
    theirs.close()


def test_messages_both_ways(ends: tuple[RecorderLink, socket.socket]) -> None:
    link, recorder = ends
    assert link.send(Input("t", "", b"ls"))
    assert [decode(one) for one in Unpacker().feed(recorder.recv(4096))] == [Input("t", "", b"ls")]
    assert list(link.receive()) == []
    recorder.sendall(pack(encode(Output("t", b"x"))) + pack(encode(Title("y"))))
    assert list(link.receive()) == [Output("t", b"x"), Title("y")]


def test_a_recorder_that_reads_nothing_holds_nobody_up(
    ends: tuple[RecorderLink, socket.socket],
) -> None:
    link, recorder = ends
    key = Input("t", "", b"x" * 4000)
    sent = 0
    while link.send(key):
        sent += 1
    waited = link.waiting
    assert waited
    assert sent * 4000 > KEYS_BYTES * 0.9
    unpacker, got = Unpacker(), 0
    while got < sent:
        link.flush()
        got += sum(1 for _ in unpacker.feed(recorder.recv(65536)))
    assert not link.waiting
    assert link.send(key)


def test_the_end_and_nonsense_are_told(ends: tuple[RecorderLink, socket.socket]) -> None:
    link, recorder = ends
    recorder.sendall(pack(b"{}"))
    with pytest.raises(RemoteProtocolError):
        list(link.receive())
    recorder.close()
    with pytest.raises(EOFError):
        list(link.receive())
    with pytest.raises(OSError, match=r".+"):
        link.send(Title("x"))
