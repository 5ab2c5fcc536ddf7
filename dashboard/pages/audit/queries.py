"""Reads the audit trail and the state of verification."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from dashboard.queries.labels import named
from marcus_events.audit.hash_chain.anchor_writer import is_in_data_dir, state_of
from marcus_events.audit.hash_chain.verification_runs import LOST_AFTER, outcome_sentence
from marcus_events.core.event import RecordedEvent, utc_now
from marcus_events.core.event_types import meaning_of, types_of
from marcus_events.core.filters import EventFilter
from marcus_events.core.sentences import as_text, field, sentence, speaker
from marcus_events.log import read
from marcus_events.models import AnchorState, Seal, Verification

SHOWN = 50  # acts


@dataclass(frozen=True)
class AuditPage:
    """`older` is the position before which the next page begins; None on the last page."""

    rows: list[dict[str, Any]]
    older: int | None


@dataclass(frozen=True)
class AnchorShown:
    """A place that the head of the chain is written to, and its state."""

    name: str
    state: AnchorState
    is_in_data_dir: bool


@dataclass(frozen=True)
class VerificationState:
    """`running` is the current run, `newest` the last finished one."""

    running: Verification | None
    newest: Verification | None
    verdict: str
    sealed_to: int
    head: int
    anchors: list[AnchorShown]

    @property
    def percent(self) -> int:
        if self.running is None or not self.running.until:
            return 0
        return min(100, 100 * self.running.verified_to // self.running.until)


def kinds() -> list[tuple[str, str]]:
    return [(name, meaning_of(name).title) for name in types_of("audit")]


def acts(who: str, what: str, before: int | None) -> AuditPage:
    """Return a page of audit events. Reads each type separately, so that the index is used however long the log is."""
    wanted = EventFilter().with_term("source", f"user:{who}" if who else "")
    found: list[RecordedEvent] = []
    for name in [what] if what else types_of("audit"):
        found += read.events(wanted.with_term("type", name), before=before, limit=SHOWN + 1)
    found.sort(key=lambda event: -event.position)
    shown = found[:SHOWN]
    return AuditPage(told(shown), shown[-1].position if len(found) > SHOWN else None)


def told(events: Iterable[RecordedEvent]) -> list[dict[str, Any]]:
    return [
        {
            "event": event,
            "title": meaning_of(event.event_type).title,
            "text": as_text(sentence(event)),
            "by": speaker(event),
            "address": field(event, "address"),
        }
        for event in named(list(events))
    ]


def state() -> VerificationState:
    newest = Verification.objects.filter(ended_at__isnull=False).order_by("-ended_at").first()
    alive = Verification.objects.filter(ended_at=None, seen_at__gte=utc_now() - LOST_AFTER)
    head = read.head()
    sealed = Seal.objects.filter(chain=head.epoch).order_by("-last").values_list("last", flat=True).first()
    running = alive.order_by("-started_at").first()
    return VerificationState(
        running, newest, outcome_sentence(newest) if newest else "", sealed or 0, head.position, anchors()
    )


def anchors() -> list[AnchorShown]:
    return [AnchorShown(one.name, state_of(one), is_in_data_dir(one)) for one in settings.ANCHORS]
