"""The running broker, asked to do something that it alone may."""

import os
from pathlib import Path
from typing import Any

from broker.cli.failure import NOT_FOUND, REFUSED, UNREACHABLE, Failed

_NOT_FOUND = 404


async def ask(data: Path, command: str, **arguments: object) -> dict[str, Any]:
    """Have the broker that runs on ``data`` do ``command``: what came of it.

    Takes as long as that takes. Raises Failed, with the broker's own sentence where it refuses.
    """
    import aiohttp  # noqa: PLC0415 - help needs no client

    from broker.server.admin import SOCKET  # noqa: PLC0415

    try:
        folder = os.open(data, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise Failed(f"{data} can't be used: {error.strerror}", NOT_FOUND) from None
    try:
        async with (
            aiohttp.UnixConnector(f"/proc/self/fd/{folder}/{SOCKET}") as connector,
            aiohttp.ClientSession(
                connector=connector, timeout=aiohttp.ClientTimeout(total=None)
            ) as client,
            client.post(f"http://broker/{command}", json=arguments) as got,
        ):
            answer: dict[str, Any] = await got.json()
    except aiohttp.ClientConnectorError:
        raise Failed(f"no broker runs on {data}; start one: jumpseat serve", UNREACHABLE) from None
    except aiohttp.ClientError:
        raise Failed(f"the broker on {data} went before it had answered", UNREACHABLE) from None
    finally:
        os.close(folder)
    if got.ok:
        return answer
    raise Failed(answer["error"]["message"], NOT_FOUND if got.status == _NOT_FOUND else REFUSED)
