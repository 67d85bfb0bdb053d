import hashlib
import threading

import pytest

from broker.server.prefix import Prefix

DATA = bytes(range(256)) * 5000


def read(offset: int, size: int) -> bytes:
    return DATA[offset : offset + size]


def sha256(size: int) -> tuple[int, str]:
    return size, hashlib.sha256(DATA[:size]).hexdigest()


def test_what_was_there_before_is_read_once_and_the_rest_is_taken_along() -> None:
    prefix = Prefix()
    prefix.extend(1_000_000, DATA[1_000_000:1_100_000])  # not before what comes before it
    assert prefix.digest(1_100_000, read) == sha256(1_100_000)
    prefix.extend(1_100_000, DATA[1_100_000:1_200_000])
    prefix.extend(1_100_000, DATA[1_100_000:1_200_000])  # a write that was made again
    assert prefix.digest(1_150_000, lambda *_: b"") == sha256(1_200_000)
    with pytest.raises(OSError, match="shorter"):
        prefix.digest(len(DATA) + 1, read)
    assert prefix.digest(0, read) == sha256(len(DATA))


def test_a_writer_goes_on_while_what_was_there_is_read() -> None:
    prefix = Prefix()
    began, goes_on = threading.Event(), threading.Event()

    def slowly(offset: int, size: int) -> bytes:
        if offset:
            began.set()
            assert goes_on.wait(20)
        return read(offset, size)

    found: list[tuple[int, str]] = []
    thread = threading.Thread(target=lambda: found.append(prefix.digest(600_000, slowly)))
    thread.start()
    assert began.wait(20)
    goes_on.set()
    for end in range(600_000, 700_001, 10_000):
        prefix.extend(end - 10_000, DATA[end - 10_000 : end])
    thread.join(20)
    [(size, digest)] = found
    assert (size, digest) == sha256(size)
    assert prefix.digest(700_000, read) == sha256(700_000)
