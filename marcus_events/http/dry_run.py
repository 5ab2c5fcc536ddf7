"""Dry run: check events as publishing does, without appending them.

A sample is an event, a CloudEvent, or an array of both; an item with `specversion` is a CloudEvent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from marcus_events.access.visibility import Visibility
from marcus_events.core.event import Event
from marcus_events.http import cloudevents, publish_items
from marcus_events.http.json_body import check_size, parse
from marcus_events.ingest import Receipt, check_event, receipt_of, refused_receipt
from marcus_events.log import identities
from marcus_events.log.append import AppendResult, EventData
from marcus_events.models import Token

NOT_IN_LOG = 0  # the position of what is not in the log yet


@dataclass(frozen=True)
class DryRunResult:
    """`receipt` is the answer that publishing would give; `entry` what would be appended, None if it is invalid."""

    receipt: Receipt
    entry: EventData | None
    is_cloudevent: bool


def check(body: bytes, visibility: Visibility) -> list[DryRunResult]:
    """Check the events of a body, in order. Raises Problem if such a request would be rejected as a whole.

    Duplicates are reported only to those who see every board: to others they would reveal hidden events.
    """
    stated = parse(check_size(body))
    items = stated if isinstance(stated, list) else [stated]
    entries = [validate(item) for item in publish_items.parse_items(items, parse_either, Token())]
    told = [entry for entry in entries if isinstance(entry, EventData) and visibility.boards is None]
    known = identities.places_of((entry.source, entry.event_id) for entry in told)
    return [
        DryRunResult(*expected_receipt(entry, known), is_cloudevent=is_cloudevent(item))
        for entry, item in zip(entries, items, strict=True)
    ]


def parse_either(item: Any) -> Event:
    return cloudevents.from_structured(item) if is_cloudevent(item) else publish_items.native_event(item)


def is_cloudevent(item: Any) -> bool:
    return isinstance(item, dict) and "specversion" in item


def validate(item: publish_items.PublishItem) -> EventData | Receipt:
    if isinstance(item, Receipt):
        return item
    entry = check_event(item)
    return entry if isinstance(entry, EventData) else refused_receipt(item, entry)


def expected_receipt(
    entry: EventData | Receipt, known: dict[tuple[str, str], tuple[int, bytes]]
) -> tuple[Receipt, EventData | None]:
    if isinstance(entry, Receipt):
        return entry, None
    if place := known.get((entry.source, entry.event_id)):
        return receipt_of(entry, AppendResult(place[0], False, place[1])), entry
    return receipt_of(entry, AppendResult(NOT_IN_LOG, True, entry.digest)), entry


def count_rejected(found: Sequence[DryRunResult]) -> int:
    return sum(item.receipt.status == "rejected" for item in found)
