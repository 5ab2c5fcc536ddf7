"""Sends deliveries: a service that any number of processes may run.

All messages are sent in one event loop, so a receiver that answers slowly, or never, holds up no other message. One
thread of this service uses the database; others only resolve names.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import ParamSpec, TypeVar

from django.db import Error, close_old_connections, connection

from marcus_events.core.event import utc_now
from marcus_events.log.connect import CONNECTION_ERRORS
from marcus_events.models import Webhook
from marcus_events.webhooks import deliveries
from marcus_events.webhooks.deliveries import MAX_AT_ONCE, DeliveryAttempt
from marcus_events.webhooks.http_post import PostOutcome, post
from marcus_events.webhooks.messages import probe_message
from marcus_events.webhooks.registration import MAX_WEBHOOKS
from marcus_events.webhooks.signature import key_of, new_nonce, signed_headers

logger = logging.getLogger(__name__)

POLL_INTERVAL_S = 0.25
REMOVE_OLD_EVERY_S = 3_600.0
MAX_THREADS = MAX_WEBHOOKS * MAX_AT_ONCE  # that resolve names: no slow resolution holds up another one

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def send_webhooks(stop: threading.Event) -> None:
    """Send deliveries until `stop` is set."""
    asyncio.run(WebhookSender(stop).run())


async def send_message(url: str, key: bytes, message_id: str, body: bytes, *, wants_excerpt: bool) -> PostOutcome:
    return await post(url, signed_headers(key, message_id, utc_now(), body), body, wants_excerpt=wants_excerpt)


def send_test(webhook: Webhook) -> PostOutcome:
    """Send a test message at once, also if the webhook is off, and return what the receiver answered."""
    message_id = f"msg_{new_nonce()}"
    message = probe_message(utc_now())
    return asyncio.run(send_message(webhook.url, key_of(webhook), message_id, message, wants_excerpt=True))


class WebhookSender:
    """The attempts of this process that have not ended."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._under_way: dict[asyncio.Task[None], DeliveryAttempt] = {}
        self._database = ThreadPoolExecutor(1, "webhooks database")
        self._is_database_away = False
        self._remove_old_at = 0.0  # on the monotonic clock

    async def run(self) -> None:
        self._attempt_ended = asyncio.Event()
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(MAX_THREADS, "webhooks names"))
        try:
            while not self._stop.is_set():
                await self._step()
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_INTERVAL_S):
                        await self._attempt_ended.wait()
                self._attempt_ended.clear()
        finally:
            await self._close()

    async def _step(self) -> None:
        """Begin what is due. If the database is away, try again at the next poll."""
        try:
            busy = Counter(attempt.webhook_id for attempt in self._under_way.values())
            for attempt in await self._in_database(self._next_attempts, busy):
                task = asyncio.create_task(self._deliver(attempt))
                self._under_way[task] = attempt
                task.add_done_callback(self._forget)
            self._is_database_away = False
        except (Error, *CONNECTION_ERRORS) as error:
            if not self._is_database_away:
                logger.warning("webhooks are waiting for the database: %s", error)
            self._is_database_away = True
        except Exception:
            logger.exception("the webhooks could not be read")

    def _next_attempts(self, busy: Counter[int]) -> list[DeliveryAttempt]:
        deliveries.enqueue()
        if time.monotonic() >= self._remove_old_at:
            deliveries.remove_old()
            self._remove_old_at = time.monotonic() + REMOVE_OLD_EVERY_S
        return deliveries.begin_attempts(busy)

    async def _deliver(self, attempt: DeliveryAttempt) -> None:
        """Send a message and record the outcome. What cannot be recorded is sent again when its lease has expired."""
        try:
            outcome = await send_message(
                attempt.url, attempt.key, attempt.message_id, attempt.body, wants_excerpt=False
            )
            await self._in_database(deliveries.record, attempt, outcome)
        except (Error, *CONNECTION_ERRORS) as error:
            logger.warning("the outcome of a webhook delivery could not be stored: %s", error)
        except Exception:
            logger.exception("a delivery to a webhook ended with an error")

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._under_way.pop(task, None)
        self._attempt_ended.set()

    async def _in_database(
        self, function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        def call() -> Result:
            try:
                return function(*args, **kwargs)
            finally:
                close_old_connections()

        return await asyncio.get_running_loop().run_in_executor(self._database, call)

    async def _close(self) -> None:
        """Cut off what is under way, and let another process send it at once."""
        cut_off = dict(self._under_way)
        for task in cut_off:
            task.cancel()
        await asyncio.gather(*cut_off, return_exceptions=True)
        with suppress(Error, *CONNECTION_ERRORS):
            await self._in_database(deliveries.give_back, list(cut_off.values()))
        self._database.submit(connection.close)
        self._database.shutdown()
