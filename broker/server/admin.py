"""The broker's other door: commands of whoever owns the data directory, over a unix socket in it.

What changes what a running broker has in its hands is asked of it here, not done beside it. The
socket's file is its owner's alone; whoever can open it could read everything below it as well.
"""

import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from broker.server.access import BadRequest
from broker.server.http.errors import tell_errors

SOCKET = "admin.socket"
_BACKLOG = 16
_SHUTDOWN_SECONDS = 5.0

Arguments = Mapping[str, Any]
Command = Callable[[Arguments], Awaitable[dict[str, Any]]]
"""Does one thing and tells what came of it. May raise access.Refusal; may be cancelled."""


@asynccontextmanager
async def answering(data: Path, commands: Mapping[str, Command]) -> AsyncIterator[None]:
    """Answer ``POST /NAME`` (a JSON object of arguments) while the block runs. Raises OSError.

    For the process that owns the directory: a socket that an earlier one left is removed.
    """
    app = web.Application(middlewares=[tell_errors])
    for name, command in commands.items():
        app.router.add_post(f"/{name}", _handler(command))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
    await runner.setup()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        _bind(listener, data)
        try:
            await web.SockSite(runner, listener, backlog=_BACKLOG).start()
            yield
        finally:
            (data / SOCKET).unlink(missing_ok=True)
            await runner.cleanup()


def _handler(command: Command) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        try:
            arguments = msgspec.json.decode(await request.read(), type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise BadRequest("bad-request", str(error)) from None
        return web.json_response(await command(arguments))

    return handle


def _bind(listener: socket.socket, data: Path) -> None:
    """Bind to the file, which nobody can connect to before it is its owner's alone."""
    path = data / SOCKET
    path.unlink(missing_ok=True)
    folder = os.open(data, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # A socket's own name has room for 107 bytes, a directory's for far more.
        listener.bind(f"/proc/self/fd/{folder}/{SOCKET}")
    finally:
        os.close(folder)
    path.chmod(0o600)  # it does not listen yet
