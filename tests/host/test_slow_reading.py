"""A PTY that is to be read slowly."""

from __future__ import annotations

import asyncio
import os
import pwd
from pathlib import Path

from broker.host.pace import BURST_BYTES, BYTES_PER_SECOND
from broker.host.pty import Pty, ShellPlan, User

_FLOOD = 90_000


async def test_a_flood_is_read_slowly_and_whole_and_what_comes_after_it_too(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[int] = loop.create_future()
    read: list[tuple[float, int]] = []
    printed = bytearray()

    def on_output(data: bytes) -> None:
        printed.extend(data)
        read.append((loop.time(), len(printed)))

    me = pwd.getpwuid(os.getuid())
    script = tmp_path / "shell"
    script.write_text(f"#!/bin/sh\nhead -c {_FLOOD} /dev/zero | tr '\\0' x\nread line\n")
    script.chmod(0o755)
    user = User(me.pw_uid, me.pw_gid, me.pw_name, str(tmp_path), str(script))
    began = loop.time()
    pty = Pty((80, 24), on_output, ended.set_result, lambda: None, lambda: True)

    def failed(error: BaseException) -> None:
        ended.set_exception(error)

    env = {"PATH": os.environ["PATH"], "TERM": "dumb"}
    await pty.start_shell(ShellPlan(user, env, str(tmp_path), login=False), failed)
    pty.write(b"echoed\r")
    assert await asyncio.wait_for(ended, 20) == 0
    flood, echo = printed.count(b"x"), printed.count(b"echoed")
    assert (flood, echo) == (_FLOOD, 1)
    *slow, _last = read  # what is there when the shell has ended is read at once
    for t, count in slow:
        assert count <= BURST_BYTES + (t - began) * BYTES_PER_SECOND + 1
    assert read[-1][0] - began >= (_FLOOD - BURST_BYTES - 16384) / BYTES_PER_SECOND
