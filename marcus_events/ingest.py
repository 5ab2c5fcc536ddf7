"""Validate, normalise, deduplicate and append every incoming event.

Each event gets its canonical type, board, task and agent, and a receipt after the commit. A rejected event's receipt
gives the reason and the pointer. Reserved types and sources are rejected without `Authority.SYSTEM`: see
`marcus_events.core.reserved`.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import fields
from itertools import chain
from typing import Any, Literal, NamedTuple

import psycopg

from marcus_events.core.cloudevent_identity import ATTRIBUTES, identity_of
from marcus_events.core.event import Event, InvalidEvent, check_moment, parse_timestamp, utc_now
from marcus_events.core.event_fields import FieldWarning, warnings_in
from marcus_events.core.event_types import canonical
from marcus_events.core.payload import check_is_object, check_name, serialise
from marcus_events.core.references import agent_of, board_of, task_of
from marcus_events.core.reserved import Authority, Reserved, check_not_reserved
from marcus_events.log.append import AppendResult, EventData
from marcus_events.log.writer import MAX_BATCH, LogUnavailable, writer
from marcus_events.plain_payload import check_payload

logger = logging.getLogger(__name__)

COMMIT_TIMEOUT_S = 25.0  # longer than the writer tries; then something is wrong with the writer itself
TRANSPORT_METADATA = frozenset(
    {"traceparent", "tracestate"}
)  # metadata that each attempt to send an event has its own of
# What the API adds to an event; published again, it is left out.
LOG_FIELDS = ("position", "recorded_at", "category", "clock_ahead_s")
KNOWN_FIELDS = frozenset({*(field.name for field in fields(Event)), *LOG_FIELDS})

Status = Literal["accepted", "duplicate", "rejected"]


class Receipt(NamedTuple):
    """The result of ingesting one event. `position` is its position in the log; of a duplicate, that of the original.

    For a rejected event, `error` names the pointer and the reason, and `why` the kind of reason: `conflict` means that
    another event, at `position`, has the same id and source; `forbidden` that its publisher may not publish it.
    `pointer` and `limit` are those of InvalidEvent. `warnings` name fields that are stored but cannot be used as sent.
    """

    event_id: str
    status: Status
    position: int | None = None
    error: str | None = None
    why: Literal["invalid", "conflict", "forbidden"] | None = None
    pointer: str | None = None
    limit: str | None = None
    warnings: tuple[FieldWarning, ...] = ()


def ingest(events: Sequence[Event], authority: Authority = Authority.ANY_BOARD) -> list[Receipt]:
    """Append the valid events and return a receipt for each event, in order, after the commit.

    Callers must check the receipts, since invalid events do not raise. Raises LogUnavailable.
    """
    entries = check_all(events, authority)
    return make_receipts(events, entries, [wait_for_results(*submit(chunk)) for chunk in chunks(entries)])


async def ingest_async(events: Sequence[Event], authority: Authority = Authority.ANY_BOARD) -> list[Receipt]:
    """Do the same without blocking the event loop. Cancelling it does not cancel the commit."""
    return await append_async(events, check_all(events, authority))


async def append_async(events: Sequence[Event], entries: list[EventData | InvalidEvent]) -> list[Receipt]:
    """Append the valid ones of these entries, as `check_all` has made them of the events."""
    submissions = [await submit_async(chunk) for chunk in chunks(entries)]
    for _, answer in submissions:
        await wait_done(answer)
    return make_receipts(events, entries, [wait_for_results(chunk, answer, 0) for chunk, answer in submissions])


def chunks(entries: list[EventData | InvalidEvent]) -> list[list[EventData]]:
    valid = [entry for entry in entries if isinstance(entry, EventData)]
    return [valid[n : n + MAX_BATCH] for n in range(0, len(valid), MAX_BATCH)]


def submit(
    entries: list[EventData], timeout_s: float = COMMIT_TIMEOUT_S
) -> tuple[list[EventData], Future[list[AppendResult]]]:
    return entries, writer().submit(entries, timeout_s=timeout_s)


async def submit_async(entries: list[EventData]) -> tuple[list[EventData], Future[list[AppendResult]]]:
    """Submit the entries; a thread is needed only to wait for room in the writer's queue."""
    try:
        return submit(entries, 0)
    except LogUnavailable:
        return await asyncio.to_thread(submit, entries)


async def wait_done(answer: Future[list[AppendResult]]) -> None:
    """Wait until the future is done, or for COMMIT_TIMEOUT_S. Its result is not read here."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    def tell(_: Future[list[AppendResult]]) -> None:
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(done.set)

    answer.add_done_callback(tell)
    with suppress(TimeoutError):
        async with asyncio.timeout(COMMIT_TIMEOUT_S):
            await done.wait()


def wait_for_results(
    entries: list[EventData], answer: Future[list[AppendResult]], timeout_s: float = COMMIT_TIMEOUT_S
) -> list[AppendResult | str]:
    """Return the results in order; an error message for each entry of a submission that the database rejected."""
    try:
        return [*answer.result(timeout_s)]
    except TimeoutError as error:
        raise LogUnavailable("the log did not respond in time") from error
    except psycopg.DataError as error:
        return [f"the database rejected it: {error.diag.message_primary}"] * len(entries)


def make_receipts(
    events: Sequence[Event], entries: list[EventData | InvalidEvent], places: list[list[AppendResult | str]]
) -> list[Receipt]:
    place = chain.from_iterable(places)
    return [
        receipt_of(entry, next(place)) if isinstance(entry, EventData) else refused_receipt(event, entry)
        for event, entry in zip(events, entries, strict=True)
    ]


def receipt_of(entry: EventData, place: AppendResult | str) -> Receipt:
    if isinstance(place, str):
        return Receipt(entry.event_id, "rejected", error=place, why="invalid")
    if place.digest != entry.digest:
        error = f"/event_id: {entry.source} already published another event with this id, at {place.position}"
        return Receipt(entry.event_id, "rejected", place.position, error, "conflict", "/event_id")
    status: Status = "accepted" if place.fresh else "duplicate"
    return Receipt(entry.event_id, status, place.position, warnings=entry.warnings)


def log_refused(answers: Sequence[Receipt], what: str) -> list[Receipt]:
    """Log the rejected ones of the system's own events, and return them."""
    refused = [receipt for receipt in answers if receipt.status == "rejected"]
    for receipt in refused:
        logger.error("the log rejected %s, %s: %s", what, receipt.event_id, receipt.error)
    return refused


def refused_receipt(event: Event, error: InvalidEvent) -> Receipt:
    return rejected_receipt(event.event_id, error, "forbidden" if isinstance(error, Reserved) else "invalid")


def rejected_receipt(
    event_id: object, error: InvalidEvent, why: Literal["invalid", "forbidden"] = "invalid"
) -> Receipt:
    named = event_id if isinstance(event_id, str) else ""
    return Receipt(named, "rejected", None, str(error), why, error.pointer, error.limit)


def check_all(events: Sequence[Event], authority: Authority = Authority.ANY_BOARD) -> list[EventData | InvalidEvent]:
    return [check_event(event, authority) for event in events]


def check_event(event: Event, authority: Authority = Authority.ANY_BOARD) -> EventData | InvalidEvent:
    try:
        return entry_from(event, authority)
    except InvalidEvent as error:
        return error


def entry_from(event: Event, authority: Authority = Authority.ANY_BOARD) -> EventData:
    """Check an event and make the entry that the log appends. Raises InvalidEvent.

    The producer's own name of the type is kept in the metadata as `original_type`. The digest is of the event as the
    producer sent it, so that a repeat is recognised by later versions too, without TRANSPORT_METADATA.
    """
    stated = check_name(event.event_type, "/event_type")
    source = check_name(event.source, "/source")
    data, metadata = event.data, event.metadata or {}
    texts = check_payload(data, metadata)
    if authority is not Authority.SYSTEM:
        check_not_reserved(event)
    event_type, board_id = canonical(stated), board_of(event)
    is_renamed = stated != event_type
    return EventData(
        event_id=check_name(event.event_id, "/event_id"),
        source=source,
        event_type=event_type,
        timestamp=check_moment(event.timestamp),
        data=data,
        metadata=metadata | {"original_type": stated} if is_renamed else metadata,
        board_id=board_id,
        task_id=task_of(event),
        agent_id=agent_of(event),
        digest=digest_of(stated, data, metadata, *texts),
        owner=board_id or "" if authority is Authority.OWN_BOARDS else "",
        texts=None if is_renamed else texts,
        warnings=warnings_in(event_type, data, metadata),
    )


def digest_of(
    event_type: str, data: dict[str, Any], metadata: dict[str, Any], data_text: str, metadata_text: str
) -> bytes:
    if ATTRIBUTES in metadata:
        data, metadata = identity_of(data, metadata)
        data_text, metadata_text = serialise(data), serialise(metadata)
    if not TRANSPORT_METADATA.isdisjoint(metadata):
        metadata_text = serialise({key: value for key, value in metadata.items() if key not in TRANSPORT_METADATA})
    stated = f"[{serialise(event_type)},{data_text},{metadata_text}]"
    return hashlib.sha256(stated.encode()).digest()[:16]


def event_from(stated: Mapping[str, Any], *, default_id: str) -> Event:
    """Make an event from a producer's JSON object, without checking the payload. Raises InvalidEvent.

    `event_type` and `source` are required. `timestamp` defaults to now and `event_id` to `default_id`. Undocumented
    fields are kept as `extra` in the metadata.
    """
    if not isinstance(stated, Mapping):
        raise InvalidEvent("", "an event must be a JSON object")
    known = {key: value for key, value in stated.items() if value is not None}
    metadata = check_is_object(known.get("metadata", {}), "/metadata")
    return Event(
        event_id=check_name(known.get("event_id", default_id), "/event_id"),
        timestamp=parse_timestamp(known["timestamp"]) if "timestamp" in known else utc_now(),
        event_type=check_name(known.get("event_type"), "/event_type"),
        source=check_name(known.get("source"), "/source"),
        data=check_is_object(known.get("data", {}), "/data"),
        metadata=with_extra(metadata, {key: stated[key] for key in stated if key not in KNOWN_FIELDS}),
    )


def with_extra(metadata: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
    if extra and "extra" in metadata:
        raise InvalidEvent("/metadata/extra", "is reserved for undocumented fields, and the event has some")
    return metadata | ({"extra": extra} if extra else {})
