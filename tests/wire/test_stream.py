from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.wire.errors import RemoteProtocolError
from broker.wire.stream import Beyond, Receiver, Sender


def test_what_is_there_is_ignored_and_what_lies_beyond_is_refused() -> None:
    copy = Receiver(held=10)
    assert copy.append(10, 5) == 0
    assert copy.append(8, 4) == 4
    assert copy.append(12, 8) == 3
    assert copy.received == 20
    with pytest.raises(Beyond) as raised:
        copy.append(21, 1)
    assert raised.value.received == 20
    assert copy.received == 20


def test_held_never_goes_back_nor_ahead_of_what_was_received() -> None:
    copy = Receiver()
    copy.append(0, 10)
    copy.hold(10)
    for offset in (9, 11):
        with pytest.raises(ValueError, match="held"):
            copy.hold(offset)


def test_a_sender_waits_when_the_window_is_full() -> None:
    original = Sender()
    original.grow(100)
    assert original.next(30, window=50) == (0, 30)
    original.pass_on(30)
    assert original.next(30, window=50) == (30, 20)
    original.pass_on(20)
    assert original.next(30, window=50) is None
    original.hold(30)
    assert original.next(30, window=50) == (50, 30)


def test_a_new_link_goes_on_from_what_is_held() -> None:
    original = Sender()
    original.grow(100)
    original.pass_on(80)
    original.hold(20)
    original.resume(40)
    assert original.next(100) == (40, 60)


def test_a_refusal_is_answered_from_where_the_other_end_is() -> None:
    original = Sender()
    original.grow(100)
    original.pass_on(100)
    original.rewind(60)
    assert original.next(100) == (60, 40)
    original.rewind(80)  # another that was under way: it has come that far meanwhile
    assert original.next(100) == (80, 20)


@pytest.mark.parametrize("claim", [-1, 101])
def test_a_broker_that_claims_what_can_not_be_is_not_believed(claim: int) -> None:
    original = Sender()
    original.grow(100)
    original.pass_on(50)
    for tell in (original.hold, original.resume, original.rewind):
        with pytest.raises(RemoteProtocolError):
            tell(claim)
    with pytest.raises(RemoteProtocolError):
        original.hold(51)
    original.hold(50)
    with pytest.raises(RemoteProtocolError):
        original.hold(49)
    assert (original.held, original.sent, original.end) == (50, 50, 100)


def test_a_receiver_that_was_restored_from_a_backup_gets_it_again() -> None:
    original = Sender()
    original.grow(100)
    original.pass_on(80)
    original.hold(80)
    original.resume(30)
    assert original.held == 30
    assert original.next(100) == (30, 70)


def test_a_stream_never_shrinks_and_nothing_is_sent_that_is_not_there() -> None:
    original = Sender()
    original.grow(10)
    with pytest.raises(ValueError, match="shrinks"):
        original.grow(9)
    with pytest.raises(ValueError, match="sent"):
        original.pass_on(11)


@given(
    st.binary(min_size=1, max_size=400),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 60)), max_size=60),
)
def test_any_mess_of_appends_leaves_a_prefix(original: bytes, mess: list[tuple[int, int]]) -> None:
    copy, bytes_of_copy = Receiver(), bytearray()
    for offset, size in mess:
        piece = original[offset : offset + size]
        try:
            known = copy.append(offset, len(piece))
        except Beyond:
            continue
        bytes_of_copy += piece[known:]
        assert copy.received == len(bytes_of_copy)
        assert original.startswith(bytes_of_copy)


@given(st.data())
def test_a_stream_arrives_whole_over_links_that_lose_repeat_and_break(data: st.DataObject) -> None:
    original = data.draw(st.binary(min_size=1, max_size=300))
    sender, receiver, copy = Sender(), Receiver(), bytearray()
    sender.grow(len(original))
    for _ in range(200):
        if receiver.held == len(original):
            break
        piece = sender.next(data.draw(st.integers(1, 40)), window=64)
        fate = data.draw(st.sampled_from(["arrives", "repeats", "is lost", "link breaks"]))
        if piece is None or fate == "link breaks":
            receiver.hold(receiver.received)
            sender.resume(receiver.held)
            continue
        offset, size = piece
        sender.pass_on(size)
        for _ in range({"arrives": 1, "repeats": 2}.get(fate, 0)):
            try:
                known = receiver.append(offset, size)
            except Beyond as beyond:
                sender.rewind(beyond.received)
                break
            copy += original[offset + known : offset + size]
    else:
        receiver.hold(receiver.received)
        sender.resume(receiver.held)
    assert bytes(copy) == original[: receiver.received]
