"""The outbox: events on disk, and the thread that sends them.

1. `put` writes to disk; when the disk fails, memory takes what it can (see `bus.kept`).
2. The thread takes the oldest events that fit into one request and sends them.
3. What was accepted, or known already, is removed. What was refused is set aside with the reason, and told of.
4. No answer, 5xx, 429: the same events again, after growing pauses, or when the answer says.
5. 401, 403 and the like: nothing will help but a person; it is told once, and tried again now and then.
6. 413: half as many. A single event that is refused as such is set aside.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence
from typing import Any

import httpx

from marcus_events.bus.kept import Kept
from marcus_events.bus.spool import Spool
from marcus_events.core.event import Event
from marcus_events.core.pauses import pauses

logger = logging.getLogger(__name__)

MAX_BATCH = 500  # events in a request, as the API takes them
MAX_BYTES = 900 * 1024  # of a request; the API takes 1 MiB
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 30.0
LOOK_EVERY_S = 0.02  # whether all is sent, while somebody waits for that
UNPROCESSABLE = (httpx.codes.BAD_REQUEST, httpx.codes.UNPROCESSABLE_ENTITY)

Numbered = list[tuple[int, Event]]


class NotNow(RuntimeError):
    """The dashboard did not take the events; it may take them later."""

    def __init__(self, what: str, retry_after_s: float = 0) -> None:
        super().__init__(what)
        self.retry_after_s = retry_after_s


class Outbox:
    """Safe to use from any thread."""

    def __init__(self, url: str, token: str, spool: Spool, timeout_s: float) -> None:
        self._kept = Kept(spool)
        self._lock = threading.Lock()
        self._news = threading.Event()
        self._stop = threading.Event()
        self._at_once = MAX_BATCH
        self._sent = self._duplicates = self._refused = 0
        self._last_error: str | None = None
        self._http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=timeout_s)
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
        self._thread.start()

    def put(self, events: Sequence[Event]) -> None:
        with self._lock:
            self._kept.put(events)
        self._news.set()

    async def flush(self, timeout_s: float | None) -> bool:
        try:
            async with asyncio.timeout(timeout_s):
                while len(self._kept):
                    await asyncio.sleep(LOOK_EVERY_S)
        except TimeoutError:
            return False
        return True

    def metrics(self) -> dict[str, Any]:
        return {
            "sent": self._sent,
            "duplicates": self._duplicates,
            "waiting": len(self._kept),
            "refused": self._refused,
            "lost": self._kept.lost,
            "last_error": self._last_error,
        }

    def close(self, timeout_s: float) -> None:
        if not self._stop.is_set():
            self._news.set()
            threading.Thread(target=self._stop_when_empty, args=(timeout_s,), daemon=True).start()
            self._thread.join(timeout_s + self._http.timeout.read if self._http.timeout.read else None)
            self._http.close()
            with self._lock:
                self._kept.close()

    def _stop_when_empty(self, timeout_s: float) -> None:
        waited = threading.Event()
        for _ in range(int(timeout_s / LOOK_EVERY_S)):
            if not len(self._kept):
                break
            waited.wait(LOOK_EVERY_S)
        self._stop.set()
        self._news.set()

    def _run(self) -> None:
        waits = pauses(FIRST_PAUSE_S, LONGEST_PAUSE_S)
        while not self._stop.is_set():
            self._news.clear()
            try:
                while not self._stop.is_set() and self._send_some():
                    waits = pauses(FIRST_PAUSE_S, LONGEST_PAUSE_S)
            except NotNow as error:
                self._tell(error)
                self._stop.wait(min(max(next(waits), error.retry_after_s), LONGEST_PAUSE_S))
            else:
                self._news.wait()

    def _send_some(self) -> bool:
        """Steps 2 and 3; False when there is nothing to send. Raises NotNow."""
        with self._lock:
            batch = self._kept.peek(self._at_once, MAX_BYTES)
        if not batch:
            return False
        response = self._post(batch)
        if response.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
            self._send_fewer(batch, response)
        else:
            self._settle(batch, results_of(response, batch))
            self._at_once = MAX_BATCH
        return True

    def _post(self, batch: Numbered) -> httpx.Response:
        """An answer that says what became of the events. Raises NotNow."""
        try:
            response = self._http.post("/api/events", json=[event.to_dict() for _, event in batch])
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NotNow(f"{type(error).__name__}: {error}") from None
        if response.is_success or response.status_code in (*UNPROCESSABLE, httpx.codes.REQUEST_ENTITY_TOO_LARGE):
            return response
        raise NotNow(f"answered with {response.status_code} {response.reason_phrase}", retry_after(response))

    def _send_fewer(self, batch: Numbered, response: httpx.Response) -> None:
        """Step 6."""
        if len(batch) == 1:
            self._settle(batch, [{"status": "rejected", "error": detail_of(response)}])
        self._at_once = max(len(batch) // 2, 1)

    def _settle(self, batch: Numbered, results: list[dict[str, Any]]) -> None:
        done = [number for (number, _), result in zip(batch, results, strict=True) if result["status"] != "rejected"]
        with self._lock:
            self._kept.remove(done)
            for (number, event), result in zip(batch, results, strict=True):
                if result["status"] == "rejected":
                    self._refuse(number, event, str(result.get("error")))
        self._sent += len(done)
        self._duplicates += sum(result["status"] == "duplicate" for result in results)
        self._last_error = None if done else self._last_error

    def _refuse(self, number: int, event: Event, reason: str) -> None:
        self._kept.set_aside(number, reason)
        self._refused += 1
        logger.warning("event %s was refused: %s", event.event_id, reason)

    def _tell(self, error: NotNow) -> None:
        """Once per episode."""
        if self._last_error is None:
            logger.warning("events cannot be sent (%s); until they can, they are kept in %s", error, self._kept.place)
        self._last_error = str(error)


def results_of(response: httpx.Response, batch: Numbered) -> list[dict[str, Any]]:
    """What became of each. Raises NotNow where the answer is not the API's."""
    try:
        body = response.json()
        results = body["results"] if "results" in body else [rejection(response)] * len(batch)
    except (ValueError, TypeError, KeyError):
        raise NotNow("the answer is not that of a Marcus Events API") from None
    if not isinstance(results, list) or len(results) != len(batch):
        raise NotNow("the answer is not that of a Marcus Events API")
    return results


def rejection(response: httpx.Response) -> dict[str, Any]:
    return {"status": "rejected", "error": detail_of(response)}


def detail_of(response: httpx.Response) -> str:
    try:
        return str(response.json()["detail"])
    except (ValueError, TypeError, KeyError):
        return f"answered with {response.status_code}"


def retry_after(response: httpx.Response) -> float:
    stated = response.headers.get("Retry-After", "")
    return float(stated) if stated.isascii() and stated.isdecimal() else 0.0
