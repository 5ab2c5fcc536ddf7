"""The list of webhooks with the state of their deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from dashboard.queries import current_state
from marcus_events.models import DeliveryStatus, Webhook, WebhookDelivery
from marcus_events.webhooks.registration import ANSWERED_GONE

MAX_NAMED = 5  # boards of a webhook
MAX_FAILED = 20  # failed deliveries of all webhooks

ON = ("On", "good", "check")
OFF = ("Off", "", "pause")
GONE = ("Turned off by the receiver", "danger", "warning")
RETRYING = ("Failing, retrying", "danger", "warning")
WAITING = DeliveryStatus.WAITING
FAILED = DeliveryStatus.FAILED


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
        return RETRYING if self.is_failing else ON

    @property
    def is_failing(self) -> bool:
        return self.last is not None and self.last.status != DeliveryStatus.DELIVERED

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
    number = {
        f"number_{status}": Count("deliveries", filter=Q(deliveries__status=status)) for status in (WAITING, FAILED)
    }
    webhooks: list[Any] = list(Webhook.objects.annotate(**number).order_by("created_at", "pk"))
    names = current_state.board_names(board for webhook in webhooks for board in webhook.boards[:MAX_NAMED])
    attempted = WebhookDelivery.objects.filter(attempted_at__isnull=False)
    newest = attempted.order_by("webhook", "-attempted_at", "-pk").distinct("webhook")
    last = {delivery.webhook_id: delivery for delivery in newest}
    failed = list(WebhookDelivery.objects.filter(status=FAILED).order_by("-attempted_at", "-pk")[:MAX_FAILED])
    return [
        WebhookRow(
            webhook,
            [names.get(board) or board for board in webhook.boards[:MAX_NAMED]],
            last.get(webhook.pk),
            webhook.number_waiting,
            webhook.number_failed,
            [delivery for delivery in failed if delivery.webhook_id == webhook.pk],
        )
        for webhook in webhooks
    ]
