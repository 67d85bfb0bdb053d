"""What a customer has done from a shell, at a real recorder: notes, and away reports."""

from __future__ import annotations

import asyncio
import shlex
import sys
from pathlib import Path

import pytest

from broker.host.failures import Failed
from tests.host.broker_end import WAIT_SECONDS, BrokerEnd
from tests.host.real_recorder import Host, sit, take_seat


async def test_a_note_is_in_the_log_with_who_wrote_it(host: Host) -> None:
    await host.start()
    await host.do("note", text=" we changed\nthe MTU ")
    (noted,) = host.logged("noted")
    assert (noted["by"], noted["text"]) == (host.file.user, "we changed\nthe MTU")
    with pytest.raises(Failed, match="needs words"):
        await host.do("note", text=" \n")
    with pytest.raises(Failed, match="wants text"):
        await host.do("note")
    assert len(host.logged("noted")) == 1


async def test_a_note_from_inside_the_session_is_marked_as_such(
    host: Host, broker: BrokerEnd
) -> None:
    seat = await sit(host, broker)
    env = f"PYTHONPATH={shlex.quote(str(Path.cwd()))} JUMPSEAT_RUNTIME_DIR={host.home}/run"
    seat.types(f"{env} {sys.executable} -m broker.host note an engineer may have typed this\r")
    await seat.until_printed(b"noted: the engineers see it")
    (noted,) = host.logged("noted")
    assert noted["by"] == f"{host.file.user} (inside the session)"
    assert noted["text"] == "an engineer may have typed this"


async def test_what_happened_while_nobody_was_there_is_told(host: Host, broker: BrokerEnd) -> None:
    seat = await sit(host, broker)
    assert (await host.do("away"))["away"]["absences"] == []
    await seat.close()
    async with asyncio.timeout(WAIT_SECONDS):
        while not (found := (await host.do("away"))["away"]["absences"]):
            pass
    assert [one["until"] for one in found] == [None]
    await take_seat(host)
    (report,) = (await host.do("away"))["away"]["absences"]
    assert [part["kind"] for part in report["parts"]] == ["away"]
    assert report["until"] > report["since"]
