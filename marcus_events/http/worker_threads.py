"""Thread pools for database work off the event loop; `core.threads` defines their sizes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import TypeVar

from channels.db import database_sync_to_async
from django.db import InterfaceError, OperationalError

from marcus_events.core.lifecycle import Declared
from marcus_events.core.problem import Problem
from marcus_events.core.threads import LARGE_BODIES, THREADS
from marcus_events.log.connect import CONNECTION_ERRORS
from marcus_events.log.writer import LogUnavailable

logger = logging.getLogger(__name__)

RETRY_AFTER_S = 2
DATABASE_ERRORS = (OperationalError, InterfaceError, LogUnavailable, *CONNECTION_ERRORS)  # it may be back in a moment
Result = TypeVar("Result")


class WorkerThreads:
    """A service: a pool of up to `size` threads, started on demand."""

    def __init__(self, name: str, size: int) -> None:
        self._name, self._size = name, size

    def start(self) -> None:
        self.executor = ThreadPoolExecutor(self._size, thread_name_prefix=self._name)

    def stop_soon(self) -> None:
        """Nothing to do: work in progress ends by itself."""

    def stop(self) -> None:
        self.executor.shutdown(wait=False, cancel_futures=True)


Threads = Declared[WorkerThreads]


def worker_threads(name: str) -> Threads:
    return Declared(f"{name} threads", lambda: WorkerThreads(name, THREADS[name]))


PAGE_THREADS = worker_threads("page")
SOCKET_THREADS = worker_threads("socket")
REPLAY_THREADS = worker_threads("past")
TOOL_THREADS = worker_threads("tool")
TOKEN_THREADS = worker_threads("token")
EXPORT_THREADS = worker_threads("export")
LARGE_BODY_THREADS: Threads = Declared("large body threads", lambda: WorkerThreads("large body", LARGE_BODIES))


async def run_in_thread(threads: Threads, work: Callable[[], Result]) -> Result:
    """Run the work in one of these threads, and return its database connection to the pool afterwards."""
    run = database_sync_to_async(work, thread_sensitive=False, executor=threads.get().executor)
    result: Result = await run()
    return result


def unavailable(error: Exception) -> Problem:
    logger.error("a program's request failed: %s", error)
    detail = "The log is temporarily unavailable. Send the same request again."
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, retry_after_s=RETRY_AFTER_S)
