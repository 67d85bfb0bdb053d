"""A recorder ends when it is to, also where nothing of what it recorded can be kept."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from broker.host import command, sessions
from broker.host.records import FOLDER_GONE
from broker.wire.messages import Complete, Ended, Notice
from tests.host.broker_end import WAIT_SECONDS, BrokerEnd, broker_end
from tests.host.real_recorder import LOG, TERMINAL, Host, sit, take_seat
from tests.journeys import processes


@pytest.fixture
async def broker() -> AsyncIterator[BrokerEnd]:
    async with broker_end() as end:
        yield end


@pytest.fixture
async def host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broker: BrokerEnd
) -> AsyncIterator[Host]:
    host = Host(tmp_path, monkeypatch, broker.url)
    yield host
    await host.close()


async def test_a_folder_that_was_removed_is_told_of_and_keeps_nobody_from_the_end(
    host: Host, broker: BrokerEnd
) -> None:
    seat = await sit(host, broker)
    shutil.rmtree(host.folder)
    told = await seat.until(Notice)
    while told != Notice("urgent", FOLDER_GONE):
        told = await seat.until(Notice)
    await broker.until_in(LOG, b'"what": "folder"')
    seat.types("echo the-shell-$((40 + 2))\n")
    await seat.until_printed(b"the-shell-42")
    await broker.until_in(TERMINAL, b"the-shell-42")
    seat.types("exit\n")
    await seat.until(Ended)
    await broker.until_heard(Complete)
    await host.gone()


async def test_nor_where_there_is_no_broker(host: Host) -> None:
    await host.start(broker="")
    seat = await take_seat(host)
    await seat.until_printed(b"$ ")
    shutil.rmtree(host.folder)
    seat.types("exit\n")
    await seat.until(Ended)
    await host.gone()


async def test_what_is_delivered_before_reconnect_is_answered_is_delivered(
    host: Host,
    broker: BrokerEnd,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    seat = await sit(host, broker)
    await host.do("disconnect")
    seat.types("exit\n")
    await seat.until(Ended)
    await host.gone()
    start = sessions.start_recorder

    def starts_and_is_gone(folder: Path) -> None:
        start(folder)
        while host.recorders():
            time.sleep(0.02)

    monkeypatch.setattr(sessions, "start_recorder", starts_and_is_gone)
    assert await asyncio.to_thread(command.main, ["reconnect"]) == 0
    assert capsys.readouterr().out == "all of it is at the broker\n"
    assert (host.folder / LOG).read_bytes() == broker.streams[LOG]


async def test_told_to_stop_it_does(host: Host, broker: BrokerEnd) -> None:
    await sit(host, broker)
    [recorder] = host.recorders()
    shutil.rmtree(host.folder)
    recorder.kill(signal.SIGTERM)
    await host.gone()


async def test_an_end_that_the_disk_does_not_take_is_one(host: Host, broker: BrokerEnd) -> None:
    seat = await sit(host, broker)
    (host.folder / "session.json.new").mkdir()
    seat.types("exit\n")
    await seat.until(Ended)
    await broker.until_heard(Complete)
    await host.gone()


async def test_a_thread_that_a_disk_holds_does_not_keep_it() -> None:
    """As a process of its own, for nothing else ends such a thread."""
    program = (
        "import asyncio, threading\n"
        "from broker.host.ending import ends_within\n"
        "async def main():\n"
        "    asyncio.get_running_loop().run_in_executor(None, threading.Event().wait)\n"
        "    ends_within(0.5)\n"
        "asyncio.run(main())\n"
    )
    child = await processes.start(sys.executable, "-c", program)
    async with asyncio.timeout(WAIT_SECONDS):
        assert await child.wait() == 1
