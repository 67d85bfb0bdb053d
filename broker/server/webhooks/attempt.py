"""One attempt: a request and what came of it, told without what a URL or an answer may hold."""

import os
import time
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import aiohttp

from broker import __version__
from broker.server.webhooks.message import headers
from broker.server.webhooks.settings import Webhook

GONE = 410


@dataclass(frozen=True, slots=True)
class Answer:
    """How an attempt went. ``status``: None where nothing was answered."""

    status: int | None
    error: str = ""
    """Why it counts as failed, for people; empty: delivered."""
    retry_seconds: float = 0.0
    """How long the receiver wants to be left alone."""


def client() -> AbstractAsyncContextManager[aiohttp.ClientSession]:
    """What attempts are made with: no cookies, and no proxy but what the network has."""
    return aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(), headers={"user-agent": f"jumpseat/{__version__}"}
    )


async def attempt(
    session: aiohttp.ClientSession,
    webhook: Webhook,
    message_id: str,
    body: str,
    timeout_seconds: float,
) -> Answer:
    """Send it once. Follows no redirect, and reads nothing of an answer but its head."""
    now, encoded = time.time(), body.encode()
    try:
        async with session.post(
            webhook.url,
            data=encoded,
            headers=headers(message_id, encoded, webhook.secret, now),
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=timeout_seconds),
        ) as answer:
            return _told(answer, now)
    except TimeoutError:
        return Answer(None, f"no answer within {timeout_seconds:g} s")
    except aiohttp.ClientSSLError:
        return Answer(None, "its TLS certificate does not hold, or it speaks no TLS")
    except aiohttp.ClientConnectorDNSError:
        return Answer(None, "there is no host of this name")
    except aiohttp.ClientConnectorError as error:
        number = error.os_error.errno  # its own text names addresses
        return Answer(None, f"can't connect: {os.strerror(number) if number else 'no answer'}")
    except (aiohttp.ClientError, ValueError):
        return Answer(None, "it broke the connection, or does not speak HTTP")


def _told(answer: aiohttp.ClientResponse, now: float) -> Answer:
    status = answer.status
    if 200 <= status < 300:
        return Answer(status)
    if 300 <= status < 400:
        return Answer(status, f"answered {status}: redirects are not followed")
    wanted = _retry_seconds(answer.headers.get("Retry-After", ""), now)
    return Answer(status, f"answered {status}", wanted)


def _retry_seconds(value: str, now: float) -> float:
    if value.isascii() and value.isdigit() and len(value) < 10:
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, OverflowError):
        return 0.0
