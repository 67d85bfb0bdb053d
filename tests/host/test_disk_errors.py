"""The disk fails to make a real recorder's streams safe, and later takes them: real calls fail."""

from __future__ import annotations

import asyncio
import os
import shutil

import pytest

from broker.recording import asciicast
from broker.wire.messages import Ended
from tests.host.broker_end import BrokerEnd
from tests.host.real_recorder import LOG, TERMINAL, Host, sit

pytestmark = pytest.mark.skipif(
    shutil.which("strace") is None or os.geteuid() != 0,
    reason="the kernel's calls are made to fail by strace, as root",
)


async def test_what_a_disk_failed_at_is_written_anew_and_what_is_missing_is_said(
    host: Host, broker: BrokerEnd
) -> None:
    seat = await sit(host, broker)
    seat.types("while test ! -e end; do echo tick; sleep 0.1; done; exit\r")
    failing = await asyncio.create_subprocess_exec(
        "strace", "-f", "-qq", "-o", "/dev/null", "-p", str(host.pid()),
        "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO",
    )  # fmt: skip
    try:
        await seat.until_told("the disk reports errors")
    finally:
        failing.terminate()
        await failing.wait()
    await seat.until_told("recording goes on")
    seat.printed = b""
    await seat.until_printed(b"tick")
    (host.home / "end").touch()
    await seat.until(Ended)
    await host.gone()

    gaps = host.logged("gap")
    assert {gap["cause"] for gap in gaps} == {"disk-error"}
    head, *lines = (host.folder / TERMINAL).read_text().splitlines()
    asciicast.read_header(head)
    events = [asciicast.read_event(line, at) for at, line in enumerate(lines, 2)]
    for gap in gaps:
        inside = [one for one in events if gap["since"] < one.t < gap["until"]]
        assert [one for one in inside if one.code == "o"] == []
    assert "tick" in "".join(one.text for one in events if one.t > gaps[-1]["until"])
    assert host.log()[-1]["event"] == "ended"
    for name in (LOG, TERMINAL):
        assert (host.folder / name).read_bytes() == broker.streams[name]
