"""The report on a pasted sample: totals, and the outcome of each item."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from dashboard.headline import count
from dashboard.icons import icon_of
from dashboard.queries.labels import named
from dashboard.visibility import Visibility
from marcus_events.core.cloudevent_identity import ATTRIBUTES
from marcus_events.core.event import Event, RecordedEvent, utc_now
from marcus_events.core.event_types import MEANINGS, meaning_of
from marcus_events.core.problem import Problem
from marcus_events.core.sentences import SentencePart, agent_name, board_name, sentence, task_name
from marcus_events.http import dry_run
from marcus_events.ingest import Receipt
from marcus_events.log.append import EventData

MAX_SHOWN = 20  # items, rejected ones first; the rest is counted


@dataclass(frozen=True)
class Report:
    """`problem` says why everything would be rejected; otherwise `items` are those shown."""

    text: str
    verdict: str = ""
    is_good: bool = False
    problem: str = ""
    limit: str = ""
    items: tuple[dict[str, Any], ...] = ()
    hidden: int = 0


def report(text: str, visibility: Visibility) -> Report:
    """Return what publishing the text would do, as far as the viewer may know. Stores nothing."""
    if not text.strip():
        return Report(text, "Nothing to validate", problem="Paste an event or an array of events.")
    try:
        found = dry_run.check(text.replace("\r\n", "\n").encode(errors="surrogatepass"), visibility)
    except Problem as problem:
        verdict = f"The request would be rejected with {problem.status.value} {problem.status.phrase}"
        return Report(text, verdict, problem=problem.detail, limit=problem.more.get("limit") or "")
    return build_report(text, found, visibility)


def build_report(text: str, found: list[dry_run.DryRunResult], visibility: Visibility) -> Report:
    rejected = dry_run.count_rejected(found)
    places = [f"/{n}" if len(found) > 1 else "" for n in range(len(found))]
    ordered = sorted(zip(places, found, strict=True), key=lambda pair: rank(pair[1].receipt))
    items = tuple(item(place, checked, visibility) for place, checked in ordered[:MAX_SHOWN])
    warned = sum(bool(checked.receipt.warnings) for checked in found)
    is_good, verdict = not (rejected or warned), verdict_on(len(found), rejected, warned)
    return Report(text, verdict, is_good, items=items, hidden=len(found) - len(items))


def rank(receipt: Receipt) -> int:
    """Sort items with problems first."""
    return 0 if receipt.status == "rejected" else 1 if receipt.warnings else 2


def verdict_on(number: int, rejected: int, warned: int) -> str:
    if number == 1:
        taken = "This event would be accepted with a warning" if warned else "This event would be accepted"
        return "This event would be rejected" if rejected else taken
    events = count(number, "event")
    verdict = f"{rejected:,} of {events} would be rejected" if rejected else f"All {events} would be accepted"
    warning = "accepted with a warning" if rejected else "with a warning"
    return f"{verdict}, {warned:,} {warning}" if warned else verdict


def item(place: str, checked: dry_run.DryRunResult, visibility: Visibility) -> dict[str, Any]:
    shown: dict[str, Any] = {"place": place, "receipt": checked.receipt, "is_cloudevent": checked.is_cloudevent}
    if checked.receipt.status == "rejected":
        return shown | {"pointer": place + (checked.receipt.pointer or "") or "/", "reason": reason(checked)}
    shown["warnings"] = [(place + each.pointer, each.expected) for each in checked.receipt.warnings]
    return shown | (facts(checked.entry, visibility) if checked.entry else {})


def reason(checked: dry_run.DryRunResult) -> str:
    """Return the error without the leading place, which is shown beside it."""
    error, pointer = checked.receipt.error or "", checked.receipt.pointer or "/"
    return error.removeprefix(f"{pointer}: ")


def facts(entry: EventData, visibility: Visibility) -> dict[str, Any]:
    """Return what the dashboard would show, with current names; nothing of boards that are not visible."""
    recorded = as_recorded(entry)
    [readable] = named([recorded]) if visibility.allows(entry.board_id) else [recorded]
    parts: list[SentencePart] = sentence(readable)
    icon, tone = icon_of(entry.event_type)
    return {
        "entry": entry,
        "recorded": recorded,
        "parts": parts,
        "icon": icon,
        "tone": tone,
        "meaning": meaning_of(entry.event_type),
        "is_known": entry.event_type in MEANINGS,
        "stated_type": entry.metadata.get("original_type", "") if entry.event_type in MEANINGS else "",
        "board": board_name(readable) if entry.board_id else "",
        "task": task_name(readable) if entry.task_id else "",
        "agent": agent_name(readable) if entry.agent_id else "",
        "extra": as_json(entry.metadata.get("extra")),
        "attributes": as_json(entry.metadata.get(ATTRIBUTES)),
    }


def as_recorded(entry: EventData) -> RecordedEvent:
    """Return the event as if it were in the log."""
    event = Event(entry.event_id, entry.timestamp, entry.event_type, entry.source, entry.data, entry.metadata)
    return RecordedEvent(dry_run.NOT_IN_LOG, utc_now(), event, entry.board_id, entry.task_id, entry.agent_id)


def as_json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) if value else ""
