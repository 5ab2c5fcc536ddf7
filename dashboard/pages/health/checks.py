"""The checks of the page Health. Each states a verdict, and what to do if it is not good."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from django.conf import settings
from django.db.models import Max, Sum
from django.template.defaultfilters import filesizeformat

from dashboard.headline import count
from dashboard.pages.integrations import folder_list, proxy_list
from dashboard.queries.source_silence import is_silent
from dashboard.templatetags.pages import span
from dashboard.visibility import Scope
from marcus_events import default_events
from marcus_events.log.projection_lag import ProjectionLag, read_lags
from marcus_events.log.server_size import database_bytes
from marcus_events.log.source_activity import boards_at_work, sources
from marcus_events.models import ParkedEvent, ProjectionName, RefusedRequest, Webhook

Tone = Literal["good", "attention", "danger", "plain"]

DAY = timedelta(days=1)
LONG_LAG_S = 60.0  # publishers are slowed from half of it on, so something is wrong
LITTLE_ROOM, NO_ROOM = 0.1, 0.03  # of the disk that is free
LITTLE_BYTES, NO_BYTES = 2 * 1024**3, 512 * 1024**2
LOST = {"lost": "lost", "refused": "rejected by the log", "set_aside": "set aside", "shed": "not handled under load"}


@dataclass(frozen=True)
class HealthCheck:
    """`advice` says what to do; `page` names the page that helps. `at` is a time that is shown as "… ago"."""

    name: str
    tone: Tone
    verdict: str
    detail: str = ""
    advice: str = ""
    page: str = ""
    at: datetime | None = None
    board: str = ""


def of_tables() -> list[HealthCheck]:
    """Check how far the tables and the search index are behind the log."""
    lags = read_lags()
    tables = max((lags[name] for name in (ProjectionName.STATE, ProjectionName.RATES)), key=lambda lag: lag.seconds)
    return [
        of_lag("Tables", tables, "Pages show the past by that much. If it keeps growing, check that the worker runs."),
        of_lag("Search index", lags[ProjectionName.SEARCH], "Searches are complete, but slower."),
    ]


def of_lag(name: str, lag: ProjectionLag, advice: str) -> HealthCheck:
    if not lag.is_behind:
        return HealthCheck(name, "good", "Up to date")
    tone: Tone = "danger" if lag.seconds > LONG_LAG_S else "attention"
    behind = f"{span(timedelta(seconds=lag.seconds))} behind"
    return HealthCheck(name, tone, behind, f"{count(lag.events, 'event')} to apply.", advice)


def of_boards(scope: Scope, now: datetime) -> list[HealthCheck]:
    """Check the boards on which agents are at work: is anything heard of them?"""
    return [
        HealthCheck(
            row.name,
            "attention" if is_silent(row, now) else "good",
            "Silent" if is_silent(row, now) else "Sending",
            f"{count(row.agents, 'agent')} working.",
            "Check that Marcus, its agents and their follower or proxy run." if is_silent(row, now) else "",
            at=row.last_at,
            board=row.board_id,
        )
        for row in boards_at_work(scope.boards)
        if row.agents
    ]


def of_sources(scope: Scope) -> list[HealthCheck]:
    return [
        HealthCheck(row.source, "plain", "", f"{row.events:,} of the newest 10,000 events", at=row.last_at)
        for row in sources(scope.boards)
    ]


def of_server(now: datetime) -> list[HealthCheck]:
    """Check what only administrators may see and mend."""
    return [
        *map(of_folder, folder_list.followed()),
        *map(of_proxy, proxy_list.connected()),
        of_rejected(now),
        of_events(default_events.metrics()),
        of_handlers(),
        of_webhooks(),
        *of_room(),
    ]


def of_folder(row: folder_list.FolderRow) -> HealthCheck:
    at = row.last.read_at if row.last else None
    return HealthCheck(
        f"Follower of {row.folder.path}", tone_of(row.tone), row.words, row.reason, page="integrations", at=at
    )


def of_proxy(row: proxy_list.ProxyRow) -> HealthCheck:
    at = row.proxy.called_at
    return HealthCheck(
        f"Proxy of {row.proxy.marcus}", tone_of(row.tone), row.words, row.reason, page="integrations", at=at
    )


def tone_of(tone: str) -> Tone:
    return "good" if tone == "good" else "danger" if tone == "danger" else "plain"


def of_rejected(now: datetime) -> HealthCheck:
    lately = RefusedRequest.objects.filter(last_at__gt=now - DAY, status__gte=400)
    found: dict[str, Any] = lately.aggregate(number=Sum("count"), at=Max("last_at"))
    if not found["number"]:
        return HealthCheck("Rejected requests", "good", "None in the last day")
    kinds = count(lately.count(), "kind")
    detail = f"{kinds} in the last day, {found['number']:,} requests since each began."
    return HealthCheck(
        "Rejected requests", "attention", "Some rejected", detail, "See the reasons.", "integrations", found["at"]
    )


def of_events(metrics: dict[str, dict[str, Any]]) -> HealthCheck:
    """Check the events that processes of this server publish: are all of them stored?"""
    counted = [found | found["storing"] for found in metrics.values()]
    total = {name: sum(int(found[name]) for found in counted) for name in (*LOST, "spooled", "waiting")}
    named = [f"{total[name]:,} {words}" for name, words in LOST.items() if total[name]]
    if named:
        detail = f"{', '.join(named)} since the processes started."
        return HealthCheck("Events of this server", "danger", "Some not stored", detail, "See the server's log.")
    if total["spooled"] or total["waiting"]:
        detail = f"{total['spooled']:,} went through the spool on disk, {total['waiting']:,} are waiting to be stored."
        return HealthCheck("Events of this server", "plain", "None lost", detail)
    return HealthCheck("Events of this server", "good", "All stored")


def of_handlers() -> HealthCheck:
    parked = ParkedEvent.objects.count()
    if not parked:
        return HealthCheck("Durable handlers", "good", "No parked events")
    advice = "Replay or skip them with manage.py subscriptions."
    return HealthCheck("Durable handlers", "attention", f"{count(parked, 'event')} parked", "", advice)


def of_webhooks() -> HealthCheck:
    off = Webhook.objects.filter(turned_off_at__isnull=False).exclude(turned_off_reason="").count()
    if not off:
        return HealthCheck("Webhooks", "good", "None failing")
    words = f"{count(off, 'webhook')} turned off"
    return HealthCheck(
        "Webhooks", "attention", words, "Their receivers failed for too long.", "Mend them.", "integrations"
    )


def of_room() -> list[HealthCheck]:
    """Check the database's size and the free room of the disk with the data directory."""
    disk = shutil.disk_usage(settings.DATA_DIR)
    tone: Tone = "good"
    if disk.free < min(LITTLE_BYTES, disk.total * LITTLE_ROOM):
        tone = "attention"
    if disk.free < min(NO_BYTES, disk.total * NO_ROOM):
        tone = "danger"
    words = {"good": "Enough room", "attention": "Little room left", "danger": "Almost full"}[tone]
    detail = f"{filesizeformat(disk.free)} of {filesizeformat(disk.total)} free."
    advice = "" if tone == "good" else "Free some room, or remove old events with a retention policy."
    return [
        HealthCheck("Database", "plain", filesizeformat(database_bytes()), "", "", "retention"),
        HealthCheck("Disk", tone, words, detail, advice),
    ]
