"""Sends what waits in the outbox: one worker a webhook, so that a slow receiver delays no other."""

import asyncio
import contextlib
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import aiohttp
import structlog
from sqlalchemy.exc import SQLAlchemyError

from broker.server.access import new_id
from broker.server.news import News
from broker.server.stores.deliveries import Deliveries, Delivery
from broker.server.tasks import Tasks
from broker.server.webhooks.attempt import GONE, Answer, attempt, client
from broker.server.webhooks.message import body_of
from broker.server.webhooks.settings import Webhook

log = structlog.get_logger()

_LONGEST_WAIT_SECONDS = 3600.0
"""The most that a receiver may ask for with Retry-After."""
_LOOK_AGAIN_SECONDS = 60.0  # the wall clock may be set
_STUCK_SECONDS = 5.0
_NO_MORE = "answered 410: it wants no more; nothing is sent any more"


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: how long an answer may take, and what lies between one attempt and the next."""

    timeout: float = 10.0
    waits: tuple[float, ...] = (5.0, 30.0, 120.0, 600.0, 3600.0, 6 * 3600.0)
    """After the last of them, it is given up. Up to a fifth more, so that not all come at once."""


class Sender:
    """For the loop's thread. What it sends is ``deliveries``'s, at least once, each under one id.

    A receiver that answers 410 is sent nothing more until the broker starts again.
    """

    def __init__(
        self, webhooks: Sequence[Webhook], deliveries: Deliveries, tasks: Tasks, pace: Pace
    ) -> None:
        self._webhooks = {webhook.name: webhook for webhook in webhooks}
        self._deliveries = deliveries
        self._tasks = tasks
        self._pace = pace
        self._woken = {webhook.name: asyncio.Event() for webhook in webhooks}

    async def start(self) -> None:
        """Go on with what an earlier broker left. Raises sqlalchemy's errors."""
        await self._deliveries.give_up_but(self._webhooks, time.time())
        for webhook in self._webhooks.values():
            self._tasks.spawn(self._serve(webhook), f"webhook {webhook.name}")

    def addressed(self, news: News, now: float) -> list[Delivery]:
        """This news, once for each webhook that wants it: to be put into the outbox."""
        return [
            Delivery(
                f"msg_{new_id()}",
                webhook.name,
                news.kind,
                news.session,
                body_of(news, webhook.format),
                created=now,
                next=now,
            )
            for webhook in self._webhooks.values()
            if news.kind in webhook.kinds
        ]

    def wake(self) -> None:
        """There is more in the outbox."""
        for woken in self._woken.values():
            woken.set()

    async def _serve(self, webhook: Webhook) -> None:
        async with client() as session:
            gone = False
            while True:
                try:
                    gone = gone or await self._send_next(session, webhook)
                    if gone:
                        await self._send_nothing(webhook)
                except SQLAlchemyError as error:
                    # What was delivered and could not be noted is sent again, under its id.
                    log.error("outbox failed", webhook=webhook.name, error=type(error).__name__)
                    await asyncio.sleep(_STUCK_SECONDS)

    async def _send_next(self, session: aiohttp.ClientSession, webhook: Webhook) -> bool:
        """Send what is due, or wait for it. Whether the receiver wants no more."""
        woken = self._woken[webhook.name]
        woken.clear()
        delivery = await self._deliveries.next(webhook.name)
        if delivery is None:
            await woken.wait()
            return False
        wait = (delivery.next or 0.0) - time.time()
        if wait > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(wait, _LOOK_AGAIN_SECONDS)):
                    await woken.wait()
            return False
        answer = await attempt(session, webhook, delivery.id, delivery.body, self._pace.timeout)
        after = self._after(delivery, answer, time.time())
        log.info(
            "webhook", webhook=webhook.name, delivery=after.id, status=answer.status,
            error=answer.error, attempts=after.attempts, done=after.done is not None,
        )  # fmt: skip
        await self._deliveries.note(after)
        return answer.status == GONE

    async def _send_nothing(self, webhook: Webhook) -> None:
        """Give up what waits, and wait for more."""
        woken = self._woken[webhook.name]
        woken.clear()
        await self._deliveries.give_up(webhook.name, _NO_MORE, time.time())
        await woken.wait()

    def _after(self, delivery: Delivery, answer: Answer, now: float) -> Delivery:
        tried = replace(
            delivery,
            attempts=delivery.attempts + 1,
            status=answer.status,
            error=answer.error,
            next=None,
            done=now,
        )
        if not answer.error:
            return tried
        if answer.status == GONE:
            return replace(tried, error=_NO_MORE)
        if tried.attempts > len(self._pace.waits):
            return replace(tried, error=f"{answer.error}; given up")
        wait = self._pace.waits[tried.attempts - 1]
        wait *= random.uniform(1.0, 1.2)  # noqa: S311 - jitter, no secret
        wait = max(wait, min(answer.retry_seconds, _LONGEST_WAIT_SECONDS))
        return replace(tried, next=now + wait, done=None)
