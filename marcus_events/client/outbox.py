"""The outbox: a queue of events on disk, and a thread that sends them.

1. `put` writes to disk. If the disk fails, memory holds what it can (see `bus.pending`).
2. The thread sends the oldest events that fit into one request.
3. The response has a result for each event. Accepted events, and those that the log has already, are removed; a warning
   about one is logged. A rejected event is set aside, with the reason, and logged.
4. No response, 5xx or 429: the same events are sent again, after growing pauses or when the response says.
5. 401, 403 and the like need a person: this is logged once, and retried in the same way.
6. The request was rejected as a whole: half as many events are sent. A single event that is rejected so is set aside.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import Sequence
from typing import Any

import httpx

from marcus_events.bus.pending import PendingEvents
from marcus_events.bus.spool import Spool
from marcus_events.core.backoff import backoff_delays
from marcus_events.core.event import Event

logger = logging.getLogger(__name__)

MAX_BATCH = 500  # events in a request, as the API accepts them
MAX_BYTES = 900 * 1024  # of a request; the API accepts 1 MiB
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 30.0
POLL_INTERVAL_S = 0.02  # while somebody waits until everything is sent
# Statuses that reject the request as a whole, where the response has no result for each event.
REJECTING_STATUSES = (httpx.codes.BAD_REQUEST, httpx.codes.REQUEST_ENTITY_TOO_LARGE, httpx.codes.UNPROCESSABLE_ENTITY)

NumberedEvents = list[tuple[int, Event]]


class SendFailed(RuntimeError):
    """The dashboard did not process the request; it may do so later."""

    def __init__(self, reason: str, retry_after_s: float = 0) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class Outbox:
    """Safe to use from any thread."""

    def __init__(self, url: str, token: str, spool: Spool, timeout_s: float) -> None:
        self._pending = PendingEvents(spool)
        self._lock = threading.Lock()
        self._arrived = threading.Event()
        self._stop = threading.Event()
        self._is_closed = False
        self._batch_size = MAX_BATCH
        self._sent = self._duplicates = self._rejected = self._warned = 0
        self._last_error: str | None = None
        self._http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=timeout_s)
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
        self._thread.start()

    def put(self, events: Sequence[Event]) -> None:
        with self._lock:
            self._pending.put(events)
        self._arrived.set()

    async def flush(self, timeout_s: float | None) -> bool:
        """Wait until everything is sent; return whether it was within the time."""
        try:
            async with asyncio.timeout(timeout_s):
                while len(self._pending):
                    await asyncio.sleep(POLL_INTERVAL_S)
        except TimeoutError:
            return False
        return True

    def metrics(self) -> dict[str, Any]:
        return {
            "sent": self._sent,
            "duplicates": self._duplicates,
            "waiting": len(self._pending),
            "refused": self._rejected,
            "warned": self._warned,
            "lost": self._pending.lost,
            "last_error": self._last_error,
        }

    def close(self, timeout_s: float) -> None:
        """Send what is left, for up to `timeout_s`. A request that is running then is not waited for."""
        if self._stop.is_set():
            return
        deadline = time.monotonic() + timeout_s
        while len(self._pending) and time.monotonic() < deadline:
            time.sleep(POLL_INTERVAL_S)
        self._stop.set()
        self._arrived.set()
        self._thread.join(max(deadline - time.monotonic(), POLL_INTERVAL_S))
        with self._lock:
            self._is_closed = True
            self._pending.close()

    def _run(self) -> None:
        waits = backoff_delays(FIRST_PAUSE_S, LONGEST_PAUSE_S)
        with self._http:
            while not self._stop.is_set():
                self._arrived.clear()
                try:
                    while not self._stop.is_set() and self._send_batch():
                        waits = backoff_delays(FIRST_PAUSE_S, LONGEST_PAUSE_S)
                except SendFailed as error:
                    self._warn_once(error)
                    self._stop.wait(min(max(next(waits), error.retry_after_s), LONGEST_PAUSE_S))
                except Exception:
                    logger.exception("events cannot be sent; they are stored in %s", self._pending.location)
                    self._stop.wait(LONGEST_PAUSE_S)
                else:
                    self._arrived.wait()

    def _send_batch(self) -> bool:
        """Send the oldest events; False if there are none. Raises SendFailed."""
        with self._lock:
            batch = [] if self._is_closed else self._pending.peek(self._batch_size, MAX_BYTES)
        if not batch:
            return False
        response = self._post(batch)
        if (results := results_of(response, len(batch))) is not None:
            self._apply(results, batch)
            self._batch_size = MAX_BATCH
        elif len(batch) == 1:
            self._apply([{"status": "rejected", "error": detail_of(response)}], batch)
        else:
            self._batch_size = len(batch) // 2
        return True

    def _post(self, batch: NumberedEvents) -> httpx.Response:
        """A response that has a result for each event, or rejects the request as a whole. Raises SendFailed."""
        body = json.dumps([event.to_dict() for _, event in batch])  # also NaN, which is not JSON: the API rejects it
        try:
            response = self._http.post("/api/events", content=body, headers={"Content-Type": "application/json"})
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SendFailed(f"{type(error).__name__}: {error}") from None
        if response.is_success or response.status_code in REJECTING_STATUSES or has_results(response):
            return response
        raise SendFailed(detail_of(response), retry_after(response))

    def _apply(self, results: list[dict[str, Any]], batch: NumberedEvents) -> None:
        """Remove the events that are in the log, and set aside those that were rejected."""
        done = [number for (number, _), result in zip(batch, results, strict=True) if result["status"] != "rejected"]
        with self._lock:
            if self._is_closed:  # the next client sends the events again, and gets the answer “duplicate”
                return
            self._pending.remove(done)
            for (number, event), result in zip(batch, results, strict=True):
                if result["status"] == "rejected":
                    self._set_aside(number, event, str(result.get("error")))
                elif warnings := result.get("warnings"):
                    self._log_warnings(event, warnings)
        self._sent += len(done)
        self._duplicates += sum(result["status"] == "duplicate" for result in results)
        self._last_error = None if done else self._last_error

    def _set_aside(self, number: int, event: Event, reason: str) -> None:
        self._pending.set_aside(number, reason)
        self._rejected += 1
        logger.warning("event %s was rejected: %s", event.event_id, reason)

    def _log_warnings(self, event: Event, warnings: list[dict[str, Any]]) -> None:
        """The event is in the log, but some of its fields are ignored."""
        self._warned += 1
        text = "; ".join(f"{each.get('pointer')} should be {each.get('expected')}" for each in warnings)
        logger.warning("event %s (%s) was accepted with a warning: %s", event.event_id, event.event_type, text)

    def _warn_once(self, error: SendFailed) -> None:
        """Log the first error since events were last sent."""
        if self._last_error is None:
            text = "events cannot be sent (%s); until then, they are stored in %s"
            logger.warning(text, error, self._pending.location)
        self._last_error = str(error)


def results_of(response: httpx.Response, count: int) -> list[dict[str, Any]] | None:
    """The result for each event; None if the request was rejected as a whole. Raises SendFailed for no API."""
    try:
        results = response.json().get("results")
    except (ValueError, AttributeError):
        results = []
    if results is None and not response.is_success:
        return None
    if not (isinstance(results, list) and len(results) == count):
        raise SendFailed("the response is not from a Marcus Events API")
    return results


def has_results(response: httpx.Response) -> bool:
    """Whether an error response has a result for each event. That for a token that may not publish has none."""
    try:
        return isinstance(response.json()["results"], list)
    except (ValueError, TypeError, KeyError):
        return False


def detail_of(response: httpx.Response) -> str:
    try:
        return str(response.json()["detail"])
    except (ValueError, TypeError, KeyError):
        return f"the server responded with {response.status_code} {response.reason_phrase}"


def retry_after(response: httpx.Response) -> float:
    """The seconds in the Retry-After header; 0 if there are none."""
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isascii() and value.isdecimal() else 0.0
