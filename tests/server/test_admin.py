import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from broker.cli.failure import NOT_FOUND, REFUSED, UNREACHABLE, Failed
from broker.cli.running import ask
from broker.server.access import NotFound, Refusal
from broker.server.admin import SOCKET, Arguments, answering


async def echo(arguments: Arguments) -> dict[str, Any]:
    return {"told": dict(arguments)}


async def refuse(arguments: Arguments) -> dict[str, Any]:
    raise (NotFound if arguments["missing"] else Refusal)("no", "not today")


async def fail(_arguments: Arguments) -> dict[str, Any]:
    raise ValueError("a defect")


COMMANDS = {"echo": echo, "refuse": refuse, "fail": fail}


async def failure(data: Path, command: str, **arguments: object) -> Failed:
    with pytest.raises(Failed) as raised:
        await ask(data, command, **arguments)
    return raised.value


async def test_the_owner_of_the_data_is_answered(tmp_path: Path) -> None:
    data = tmp_path / ("a folder with a long name, " * 8)
    data.mkdir()
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(tmp_path / SOCKET))
        (tmp_path / SOCKET).rename(data / SOCKET)
    async with answering(data, COMMANDS):
        assert (data / SOCKET).stat().st_mode & 0o777 == 0o600
        assert await ask(data, "echo", why="é", n=1) == {"told": {"why": "é", "n": 1}}
        refused = await failure(data, "refuse", missing=False)
        assert (refused.message, refused.status) == ("not today", REFUSED)
        assert (await failure(data, "refuse", missing=True)).status == NOT_FOUND
        assert "its log says why" in (await failure(data, "fail")).message
        assert (await failure(data, "unheard-of")).status == NOT_FOUND
    assert not (data / SOCKET).exists()
    gone = await failure(data, "echo")
    assert gone.status == UNREACHABLE
    assert gone.message == f"no broker runs on {data}; start one: jumpseat serve"


async def test_a_broker_that_died_is_none(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as died:
        died.bind(str(tmp_path / SOCKET))
    assert (await failure(tmp_path, "echo")).status == UNREACHABLE
    assert (await failure(tmp_path / "nothing", "echo")).status == NOT_FOUND


async def test_what_is_no_object_is_told(tmp_path: Path) -> None:
    async with answering(tmp_path, COMMANDS):
        reader, writer = await asyncio.open_unix_connection(tmp_path / SOCKET)
        writer.write(b"POST /echo HTTP/1.0\r\nContent-Length: 2\r\n\r\n[]")
        answer = await reader.read()
        writer.close()
        assert b" 400 " in answer.split(b"\r\n")[0]
        assert b'"bad-request"' in answer
