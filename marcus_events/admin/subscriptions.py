"""Durable subscriptions: how far each has come, and what its handler failed on, to be tried again or skipped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from marcus_events import audit
from marcus_events.admin import display
from marcus_events.admin.base import ReadOnly
from marcus_events.core.event import utc_now
from marcus_events.log import read
from marcus_events.models import ParkedEvent, Subscription
from marcus_events.subscriptions import overview

ParkedAction = Callable[[str, int], int]


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnly):
    section = "Programs"
    about = "Handlers that track their position in the log and miss no events: the position, lag and owner of each."
    list_display = ("name", "patterns_shown", "at", "lag", "parked_shown", "owner_shown", "attempts")
    search_fields = ("name", "patterns")
    ordering = ("name",)
    sortable_by = ()
    fields = readonly_fields = (*list_display, "error_shown")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscription]:
        found: QuerySet[Subscription] = super().get_queryset(request).annotate(number_parked=Count("parked"))
        return found

    @admin.display(description="types")
    def patterns_shown(self, row: Subscription) -> SafeString | str:
        return display.code(row.patterns)

    @admin.display(description="position")
    def at(self, row: Subscription) -> SafeString:
        return display.number(row.position)

    @admin.display(description="lag")
    def lag(self, row: Subscription) -> SafeString:
        return display.number(max(read.head().position - row.position, 0))

    @admin.display(description="parked")
    def parked_shown(self, row: Any) -> SafeString:
        address = reverse("admin:marcus_events_parkedevent_changelist", query={"subscription__name": row.name})
        return display.link(address, f"{row.number_parked:,}") if row.number_parked else display.number(0)

    @admin.display(description="owner")
    def owner_shown(self, row: Subscription) -> SafeString | str:
        is_owned = row.leased_until is not None and row.leased_until > utc_now()
        return display.text(row.owner) if is_owned else "nobody"

    @admin.display(description="last error")
    def error_shown(self, row: Subscription) -> SafeString | str:
        return display.text(row.last_error)


@admin.register(ParkedEvent)
class ParkedEventAdmin(ReadOnly):
    """Replay and skip are `manage.py subscriptions --replay` and `--skip`, by the same functions."""

    section = "Programs"
    about = "Events that a durable subscription's handler failed on. Replay them or skip them."
    list_display = ("at", "subscription", "error_shown", "attempts", "parked_at_shown", "state")
    list_filter = (("subscription__name", admin.AllValuesFieldListFilter),)
    list_select_related = ("subscription",)
    search_fields = ("error",)
    ordering = ("subscription", "position")
    sortable_by = ()
    actions = ("replay", "skip")
    fields = readonly_fields = (*list_display, "event")

    def has_act_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    @admin.action(description="Replay: let the handler process them again", permissions=["act"])
    def replay(self, request: HttpRequest, chosen: QuerySet[ParkedEvent]) -> None:
        done = act(request, chosen, overview.replay, "subscription_replayed")
        self.message_user(request, f"{done} will be replayed when the subscription has an owner.")

    @admin.action(description="Skip permanently", permissions=["act"])
    def skip(self, request: HttpRequest, chosen: QuerySet[ParkedEvent]) -> None:
        self.message_user(request, f"{act(request, chosen, overview.skip, 'subscription_skipped')} skipped.")

    @admin.display(description="position")
    def at(self, row: ParkedEvent) -> SafeString:
        return display.number(row.position)

    @admin.display(description="event")
    def event(self, row: ParkedEvent) -> SafeString:
        return display.link(reverse("admin:marcus_events_loggedevent_change", args=[row.position]), row.position)

    @admin.display(description="error")
    def error_shown(self, row: ParkedEvent) -> SafeString | str:
        return display.text(row.error)

    @admin.display(description="parked")
    def parked_at_shown(self, row: ParkedEvent) -> SafeString | str:
        return display.moment(row.parked_at)

    @admin.display(description="state")
    def state(self, row: ParkedEvent) -> str:
        return "to be replayed" if row.replay else "parked"


def act(request: HttpRequest, chosen: QuerySet[ParkedEvent], do: ParkedAction, event_type: str) -> int:
    """How many it was done to; each is on record. One that somebody else has dealt with meanwhile is passed over."""
    done = 0
    for name, position in list(chosen.values_list("subscription_id", "position")):
        try:
            count = do(name, position)
        except (overview.NoSubscription, overview.NotParked) as gone:
            messages.warning(request, str(gone))
            continue
        done += count
        who, where = request.user.get_username(), audit.address_of(request)
        audit.record(event_type, who, where, subscription=name, position=position)
    return done
