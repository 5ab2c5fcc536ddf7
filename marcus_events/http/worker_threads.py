"""Work with the database, off the event loop."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import TypeVar

from channels.db import database_sync_to_async
from django.db import InterfaceError, OperationalError

from marcus_events.core.problem import Problem
from marcus_events.log.connect import CONNECTION_ERRORS
from marcus_events.log.writer import LogUnavailable

logger = logging.getLogger(__name__)

THREADS = 2  # beside those that read what is past; each holds a database connection while it works
RETRY_AFTER_S = 2
DATABASE_ERRORS = (OperationalError, InterfaceError, LogUnavailable, *CONNECTION_ERRORS)  # it may be back in a moment
Result = TypeVar("Result")

_pool = ThreadPoolExecutor(THREADS, thread_name_prefix="socket")


async def in_thread(work: Callable[[], Result], pool: ThreadPoolExecutor = _pool) -> Result:
    """Run in the sockets' own threads, or others; the database connection is given back afterwards."""
    result: Result = await database_sync_to_async(work, thread_sensitive=False, executor=pool)()
    return result


def unavailable(error: Exception) -> Problem:
    logger.error("a program's request failed: %s", error)
    detail = "The log is temporarily unavailable. Send the same request again."
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, retry_after_s=RETRY_AFTER_S)
