"""What would become of events, without taking them: every step of publishing but the last.

A sample may be an event or a CloudEvent, or an array of either; each item is told apart by its `specversion`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from marcus_events.access.visibility import Visibility
from marcus_events.core.event import Event
from marcus_events.http import cloudevents, publish_items
from marcus_events.http.json_body import check_size, parse
from marcus_events.ingest import Receipt, checked, receipt, refusal
from marcus_events.log import read
from marcus_events.log.append import AppendResult, EventData
from marcus_events.models import Token

TO_COME = 0  # the position of what is not in the log yet


@dataclass(frozen=True)
class Checked:
    """`receipt` is what its publisher would be told; `offer` what the log would be handed, where it can be."""

    receipt: Receipt
    offer: EventData | None
    is_cloudevent: bool


def check(body: bytes, sight: Visibility) -> list[Checked]:
    """In the order given. Raises Problem where a request with this body would be refused as a whole.

    Whether the log has it already is told to who may see every board: to others an id would tell what they do not see.
    """
    stated = parse(check_size(body))
    items = stated if isinstance(stated, list) else [stated]
    offers = [offer_of(item) for item in publish_items.offers(items, from_either, Token())]
    told = [offer for offer in offers if isinstance(offer, EventData) and sight.boards is None]
    known = read.places_of((offer.source, offer.event_id) for offer in told)
    return [
        Checked(*outcome(offer, known), is_cloudevent=is_cloudevent(item))
        for offer, item in zip(offers, items, strict=True)
    ]


def from_either(item: Any) -> Event:
    return cloudevents.from_structured(item) if is_cloudevent(item) else publish_items.native(item)


def is_cloudevent(item: Any) -> bool:
    return isinstance(item, dict) and "specversion" in item


def offer_of(item: publish_items.PublishItem) -> EventData | Receipt:
    if isinstance(item, Receipt):
        return item
    offer = checked(item)
    return offer if isinstance(offer, EventData) else refusal(item, offer)


def outcome(
    offer: EventData | Receipt, known: dict[tuple[str, str], tuple[int, bytes]]
) -> tuple[Receipt, EventData | None]:
    if isinstance(offer, Receipt):
        return offer, None
    if place := known.get((offer.source, offer.event_id)):
        return receipt(offer, AppendResult(place[0], False, place[1])), offer
    return receipt(offer, AppendResult(TO_COME, True, offer.digest)), offer


def rejected(found: Sequence[Checked]) -> int:
    return sum(item.receipt.status == "rejected" for item in found)
