"""The outbox: events on disk, and the thread that sends them.

1. `put` writes to disk; when the disk fails, memory takes what it can (see `bus.kept`).
2. The thread takes the oldest events that fit into one request and sends them.
3. What was accepted, or known already, is removed; a warning about it is logged. What was refused is set aside with the
   reason, and told of, whatever the status: an answer that says what became of each event is settled.
4. No answer, 5xx, 429: the same events again, after growing pauses, or when the answer says.
5. 401, 403 and the like: nothing will help but a person; it is told once, and tried again now and then.
6. The request is refused as a whole: half as many. A single event that is refused so is set aside.
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

from marcus_events.bus.pending import Kept
from marcus_events.bus.spool import Spool
from marcus_events.core.backoff import pauses
from marcus_events.core.event import Event

logger = logging.getLogger(__name__)

MAX_BATCH = 500  # events in a request, as the API takes them
MAX_BYTES = 900 * 1024  # of a request; the API takes 1 MiB
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 30.0
LOOK_EVERY_S = 0.02  # whether all is sent, while somebody waits for that
# Of the request as a whole, without a result for each event.
REFUSALS = (httpx.codes.BAD_REQUEST, httpx.codes.REQUEST_ENTITY_TOO_LARGE, httpx.codes.UNPROCESSABLE_ENTITY)

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
        self._is_closed = False
        self._at_once = MAX_BATCH
        self._sent = self._duplicates = self._refused = self._warned = 0
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
            "warned": self._warned,
            "lost": self._kept.lost,
            "last_error": self._last_error,
        }

    def close(self, timeout_s: float) -> None:
        """Send what is left, for so long; a request that is under way then is not waited for."""
        if self._stop.is_set():
            return
        deadline = time.monotonic() + timeout_s
        while len(self._kept) and time.monotonic() < deadline:
            time.sleep(LOOK_EVERY_S)
        self._stop.set()
        self._news.set()
        self._thread.join(max(deadline - time.monotonic(), LOOK_EVERY_S))
        with self._lock:
            self._is_closed = True
            self._kept.close()

    def _run(self) -> None:
        waits = pauses(FIRST_PAUSE_S, LONGEST_PAUSE_S)
        with self._http:
            while not self._stop.is_set():
                self._news.clear()
                try:
                    while not self._stop.is_set() and self._send_some():
                        waits = pauses(FIRST_PAUSE_S, LONGEST_PAUSE_S)
                except NotNow as error:
                    self._tell(error)
                    self._stop.wait(min(max(next(waits), error.retry_after_s), LONGEST_PAUSE_S))
                except Exception:
                    logger.exception("events cannot be sent; they are stored in %s", self._kept.place)
                    self._stop.wait(LONGEST_PAUSE_S)
                else:
                    self._news.wait()

    def _send_some(self) -> bool:
        """Steps 2 and 3; False when there is nothing to send. Raises NotNow."""
        with self._lock:
            batch = [] if self._is_closed else self._kept.peek(self._at_once, MAX_BYTES)
        if not batch:
            return False
        response = self._post(batch)
        if (results := results_of(response, len(batch))) is not None:
            self._settle(batch, results)
            self._at_once = MAX_BATCH
        elif len(batch) == 1:
            self._settle(batch, [{"status": "rejected", "error": detail_of(response)}])
        else:
            self._at_once = len(batch) // 2
        return True

    def _post(self, batch: Numbered) -> httpx.Response:
        """An answer that says what became of the events. Raises NotNow."""
        body = json.dumps([event.to_dict() for _, event in batch])  # also what is no JSON: the API says so then
        try:
            response = self._http.post("/api/events", content=body, headers={"Content-Type": "application/json"})
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NotNow(f"{type(error).__name__}: {error}") from None
        if response.is_success or response.status_code in REFUSALS or has_results(response):
            return response
        raise NotNow(detail_of(response), retry_after(response))

    def _settle(self, batch: Numbered, results: list[dict[str, Any]]) -> None:
        done = [number for (number, _), result in zip(batch, results, strict=True) if result["status"] != "rejected"]
        with self._lock:
            if self._is_closed:  # the next client sends them again, and is told that they are known
                return
            self._kept.remove(done)
            for (number, event), result in zip(batch, results, strict=True):
                if result["status"] == "rejected":
                    self._refuse(number, event, str(result.get("error")))
                elif warnings := result.get("warnings"):
                    self._warn(event, warnings)
        self._sent += len(done)
        self._duplicates += sum(result["status"] == "duplicate" for result in results)
        self._last_error = None if done else self._last_error

    def _refuse(self, number: int, event: Event, reason: str) -> None:
        self._kept.set_aside(number, reason)
        self._refused += 1
        logger.warning("event %s was rejected: %s", event.event_id, reason)

    def _warn(self, event: Event, warnings: list[dict[str, Any]]) -> None:
        """It is in the log; what some of its fields say is not used."""
        self._warned += 1
        told = "; ".join(f"{each.get('pointer')} should be {each.get('expected')}" for each in warnings)
        logger.warning("event %s (%s) was accepted with a warning: %s", event.event_id, event.event_type, told)

    def _tell(self, error: NotNow) -> None:
        """Once per episode."""
        if self._last_error is None:
            logger.warning("events cannot be sent (%s); until then, they are stored in %s", error, self._kept.place)
        self._last_error = str(error)


def results_of(response: httpx.Response, count: int) -> list[dict[str, Any]] | None:
    """What became of each; None where the request was refused as a whole. Raises NotNow where no API answers."""
    try:
        results = response.json().get("results")
    except (ValueError, AttributeError):
        results = []
    if results is None and not response.is_success:
        return None
    if not (isinstance(results, list) and len(results) == count):
        raise NotNow("the server is not a Marcus Events API")
    return results


def has_results(response: httpx.Response) -> bool:
    """Whether a refusal says what became of each event: of a token that may not publish at all it does not."""
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
    stated = response.headers.get("Retry-After", "")
    return float(stated) if stated.isascii() and stated.isdecimal() else 0.0
