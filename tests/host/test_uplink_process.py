"""The uplink's process: started, told to leave, started again, and never waited for in vain."""

from __future__ import annotations

import asyncio
import os
import pwd
from collections.abc import Callable

import pytest

from broker.host.pty import User
from broker.host.uplink_process import UplinkProcess
from tests.host.broker_end import WAIT_SECONDS
from tests.journeys.waiting import until

NOWHERE = "ws://127.0.0.1:1/api/host"


def uplink(lost: Callable[[str], None], failed: Callable[[BaseException], None]) -> UplinkProcess:
    """One that dials where nobody answers."""
    user = pwd.getpwuid(os.getuid())
    return UplinkProcess(
        NOWHERE,
        User(user.pw_uid, user.pw_gid, user.pw_name, user.pw_dir, user.pw_shell),
        on_up=lambda link: None,
        on_encoded=lambda encoded: None,
        on_lost=lost,
        on_room=lambda: None,
        failed=failed,
    )


async def test_one_that_can_not_be_started_is_tried_again_and_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried = asyncio.Semaphore(0)

    async def full(*_command: object, **_options: object) -> None:
        tried.release()
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(asyncio, "create_subprocess_exec", full)
    failures: list[BaseException] = []
    one = uplink(lambda why: None, failures.append)
    one.start()
    async with asyncio.timeout(WAIT_SECONDS):
        await tried.acquire()
        await tried.acquire()
        one.leave("recorder-lost")
        await one.gone()
    assert all(isinstance(error, BlockingIOError) for error in failures)


async def test_told_to_leave_while_it_begins_it_leaves_by_itself() -> None:
    left = asyncio.Event()
    one = uplink(lambda why: left.set(), lambda error: None)
    one.start()
    await asyncio.sleep(0)  # it begins
    one.leave("disconnected")
    async with asyncio.timeout(WAIT_SECONDS):
        await left.wait()
        await one.gone()
    assert one.processes == []


async def test_when_the_recorder_ends_there_is_no_other() -> None:
    lost: list[str] = []
    one = uplink(lost.append, lambda error: None)
    one.start()
    await until(lambda: one.processes, "a process")
    async with asyncio.timeout(WAIT_SECONDS):
        one.close()
        one.start()  # as `jumpseat reconnect` does
        assert not one.wanted
        await one.gone()
    assert one.processes == []
