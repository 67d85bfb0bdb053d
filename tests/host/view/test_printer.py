from __future__ import annotations

import os
import select

import pytest

from broker.host.view.printer import QUEUE_BYTES, Printer


@pytest.fixture
def pipe() -> tuple[int, int]:
    return os.pipe()


def wait(printer: Printer) -> None:
    assert select.select([printer.fileno()], [], [], 20)[0]


def test_it_prints_in_order_and_tells_when_all_is_printed(pipe: tuple[int, int]) -> None:
    out, fd = pipe
    printer = Printer(fd)
    for piece in (b"one ", b"two ", b"three"):
        printer.write(piece)
    assert os.read(out, 4) == b"one "
    assert printer.close(20)
    assert os.read(out, 100) == b"two three"
    os.close(fd)
    os.close(out)


def test_a_terminal_that_takes_nothing_holds_nobody_and_is_given_up(pipe: tuple[int, int]) -> None:
    out, fd = pipe
    printer = Printer(fd)
    printer.write(b"x" * (QUEUE_BYTES + 200_000))
    assert printer.full
    printer.write(b"more")
    assert not printer.close(0.01)
    while os.read(out, 65536)[-4:] != b"more":  # so that the thread can end
        pass
    assert printer.close(20)
    os.close(fd)
    os.close(out)


def test_a_slow_terminal_is_waited_for_at_the_end(pipe: tuple[int, int]) -> None:
    out, fd = pipe
    printer = Printer(fd)
    printer.write(b"x" * 100)
    assert printer.close(20)
    assert printer.queued == 0
    os.close(fd)
    os.close(out)


def test_a_terminal_that_is_gone_is_told(pipe: tuple[int, int]) -> None:
    out, fd = pipe
    os.close(out)
    printer = Printer(fd)
    printer.write(b"x")
    wait(printer)
    with pytest.raises(BrokenPipeError):
        printer.look()
    assert not printer.close(20)
    os.close(fd)
