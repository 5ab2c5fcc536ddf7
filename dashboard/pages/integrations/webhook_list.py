"""The list of webhooks with the state of their deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Subquery

from dashboard.queries import current_state
from marcus_events.models import DeliveryStatus, Webhook, WebhookDelivery
from marcus_events.webhooks.registration import ANSWERED_GONE

MAX_NAMED = 5  # boards of a webhook
MAX_FAILED = 20  # failed deliveries of all webhooks

ON = ("On", "good", "check")
OFF = ("Off", "", "pause")
GONE = ("Turned off by the receiver", "danger", "warning")
RETRYING = ("Failing, retrying", "danger", "warning")
FAILING = ("Failing", "danger", "warning")


@dataclass(frozen=True)
class WebhookRow:
    """`boards` names some boards, none for all; `last` is the delivery that was attempted last."""

    webhook: Webhook
    boards: list[str]
    last: WebhookDelivery | None
    waiting: int
    failed: int
    failures: list[WebhookDelivery]

    @property
    def state(self) -> tuple[str, str, str]:
        """Words, tone and icon."""
        if self.webhook.turned_off_at is not None:
            return GONE if self.webhook.turned_off_reason == ANSWERED_GONE else OFF
        if self.last is None or self.last.status == DeliveryStatus.DELIVERED:
            return ON
        return RETRYING if self.last.status == DeliveryStatus.WAITING else FAILING

    @property
    def more_boards(self) -> int:
        return len(self.webhook.boards) - len(self.boards)

    @property
    def hidden(self) -> int:
        return self.failed - len(self.failures)

    @property
    def counts(self) -> list[str]:
        numbers = ((self.waiting, "waiting"), (self.failed, "failed"))
        return [f"{number:,} {state}" for number, state in numbers if number]


def find(pk: int) -> Webhook | None:
    return Webhook.objects.filter(pk=pk).first()


def registered() -> list[WebhookRow]:
    """Return all webhooks, oldest first."""
    newest = WebhookDelivery.objects.filter(webhook=OuterRef("pk"), attempted_at__isnull=False)
    last_pk = Subquery(newest.order_by("-attempted_at").values("pk")[:1])
    webhooks: list[Any] = list(Webhook.objects.annotate(last_pk=last_pk).order_by("created_at", "pk"))
    names = current_state.board_names(board for webhook in webhooks for board in webhook.boards[:MAX_NAMED])
    last = WebhookDelivery.objects.in_bulk([webhook.last_pk for webhook in webhooks])
    waiting, failed = count_by_webhook(DeliveryStatus.WAITING), count_by_webhook(DeliveryStatus.FAILED)
    failures = list(WebhookDelivery.objects.filter(status=DeliveryStatus.FAILED).order_by("-attempted_at")[:MAX_FAILED])
    return [
        WebhookRow(
            webhook,
            [names.get(board) or board for board in webhook.boards[:MAX_NAMED]],
            last.get(webhook.last_pk),
            waiting.get(webhook.pk, 0),
            failed.get(webhook.pk, 0),
            [delivery for delivery in failures if delivery.webhook_id == webhook.pk],
        )
        for webhook in webhooks
    ]


def count_by_webhook(status: DeliveryStatus) -> dict[int, int]:
    return dict(WebhookDelivery.objects.filter(status=status).values_list("webhook").annotate(Count("pk")))
