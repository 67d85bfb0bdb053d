"""The output of one command: what the screen showed of it, whatever came before and after."""

import time
from typing import Any

import pytest

from broker.server.stores.recordings import Recordings
from broker.wire.messages import Append
from tests.server.casts import CAST, LOG, entry
from tests.server.peers import Site
from tests.server.test_search import Story, append


async def output(site: Site, told: Story, command: str) -> tuple[int, Any]:
    granted = await site.grant()
    async with site.connected(granted) as (host, _):
        await append(host, CAST, told.cast)
        await append(host, LOG, told.log)
    path = f"/api/sessions/{granted['session']}/commands/{command}/output"
    async with site.engineer.get(path) as got:
        return got.status, await got.json()


async def test_it_is_told_as_the_screen_showed_it(site: Site) -> None:
    told = Story(cols=20)
    told.run(
        1.0, "make", "10%\r50%\r100%\r\n\x1b[1;31mred\x1b[0m " + "wide " * 10 + "\r\n", 0, "bob"
    )
    told.run(2.0, "next", "of another\r\n", 0, "bob")
    expected = "100%\nred" + " wide" * 10 + "\n"
    assert await output(site, told, "1-1") == (200, {"text": expected, "cut": False})


async def test_the_window_has_the_size_that_it_had_then(site: Site) -> None:
    told = Story(cols=20, rows=5)
    told.run(1.0, "first", "", 0, "bob")
    told.cast += b'[1.500000, "r", "40x10"]\n'
    told.run(2.0, "top", "\x1b[?1049h\x1b[1;38Hend\x1b[2;1Hbelow\x1b[?1049l", 0, "bob")
    expected = " " * 37 + "end\nbelow\n"
    assert await output(site, told, "1-2") == (200, {"text": expected, "cut": False})


async def test_of_much_output_the_newest(site: Site) -> None:
    told = Story()
    rows = "".join(f"row {number} {'x' * 60}\r\n" for number in range(20_000))
    told.run(1.0, "cat", rows, 0, "bob")
    status, found = await output(site, told, "1-1")
    assert (status, found["cut"]) == (200, True)
    assert found["text"].endswith(f"row 19999 {'x' * 60}\n")
    assert 1_000_000 < len(found["text"]) <= 1024 * 1024


async def test_what_was_printed_is_waited_for(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    append_at_once = Recordings.append

    def append_late(self: Recordings, session: str, stream: str, offset: int, data: bytes) -> None:
        if stream == CAST:
            time.sleep(0.5)  # in the writer's thread, as a slow disk
        append_at_once(self, session, stream, offset, data)

    monkeypatch.setattr(Recordings, "append", append_late)
    told = Story()
    told.run(1.0, "make", "all of it\r\n", 0, "bob")
    granted = await site.grant()
    async with site.connected(granted) as (host, _):
        await host.send(Append(CAST, 0, bytes(told.cast)))
        await append(host, LOG, told.log)
    async with site.engineer.get(f"/api/sessions/{granted['session']}/commands/1-1/output") as got:
        assert await got.json() == {"text": "all of it\n", "cut": False}


async def test_of_a_command_that_still_runs_what_there_is(site: Site) -> None:
    told = Story()
    told.run(1.0, "tail -f", "one\r\ntw", 0, "bob")
    told.log = told.log[: told.log[:-1].rindex(b"\n") + 1]  # its end is not told
    assert await output(site, told, "1-1") == (200, {"text": "one\ntw\n", "cut": False})


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("1-9", "there is no such command"),
        ("e1", "no shell told where"),
        ("%00", "no such command"),
    ],
)
async def test_of_which_there_is_none(site: Site, command: str, said: str) -> None:
    told = Story()
    told.run(1.0, "true", "", 0, "bob")
    told.log += entry(2.0, "entered", terminal=CAST, shares={"bob": 2}, line="ls")
    status, found = await output(site, told, command)
    assert (status, found["error"]["code"]) == (404, "unknown-command")
    assert said in found["error"]["message"]
