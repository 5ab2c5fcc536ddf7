"""Creates, changes and deletes webhooks, for administrators. These actions are recorded in the audit trail."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from marcus_events import audit
from marcus_events.core.event import utc_now
from marcus_events.core.event_types import EventTypes
from marcus_events.log import read
from marcus_events.models import DeliveryStatus, Webhook, WebhookDelivery
from marcus_events.webhooks.receiver_address import check_url
from marcus_events.webhooks.signature import new_nonce

MAX_WEBHOOKS = 20  # each may have several messages under way at once
FULL = f"There can be up to {MAX_WEBHOOKS} webhooks. Delete one first."
TAKEN = "There is already a webhook with this URL."
ANSWERED_GONE = "The receiver responded with 410 Gone."
RECEIVER = "webhook receiver"  # who turns off a webhook by answering 410


class CannotRegister(ValueError):
    """The webhook cannot be created; the message, for people, says why."""


def create(url: str, boards: Iterable[str], by: str, address: str) -> Webhook:
    """Create a webhook for blockers resolved from now on. Raises CannotRegister."""
    try:
        checked = check_url(url)
    except ValueError as error:
        raise CannotRegister(str(error)) from None
    if Webhook.objects.count() >= MAX_WEBHOOKS:
        raise CannotRegister(FULL)
    stated = {"url": checked, "boards": list(boards), "nonce": new_nonce(), "created_by": by}
    try:
        with transaction.atomic():
            webhook = Webhook.objects.create(**stated, created_at=utc_now(), position=read.head().position)
    except IntegrityError:
        raise CannotRegister(TAKEN) from None
    audit.record(EventTypes.WEBHOOK_CREATED, by, address, webhook=shown_url(checked), boards=webhook.boards)
    return webhook


def renew_secret(webhook: Webhook, by: str, address: str) -> None:
    """Give the webhook another secret. Messages are signed with it from now on."""
    webhook.nonce = new_nonce()
    webhook.save(update_fields=["nonce"])
    audit.record(EventTypes.WEBHOOK_SECRET_RENEWED, by, address, webhook=shown_url(webhook.url))


def turn_off(webhook: Webhook, by: str, address: str = "", reason: str = "") -> None:
    """Send nothing until the webhook is turned on again. Blockers resolved in the meantime are sent then."""
    running = Webhook.objects.filter(pk=webhook.pk, turned_off_at=None)
    if running.update(turned_off_at=Now(), turned_off_reason=reason):
        because = {"reason": reason} if reason else {}
        audit.record(EventTypes.WEBHOOK_TURNED_OFF, by, address, webhook=shown_url(webhook.url), **because)


def turn_off_gone(webhook_id: int) -> None:
    """Turn off the webhook because its receiver does not want it any more."""
    if webhook := Webhook.objects.filter(pk=webhook_id).first():
        turn_off(webhook, RECEIVER, reason=ANSWERED_GONE)


def turn_on(webhook: Webhook, by: str, address: str) -> None:
    stopped = Webhook.objects.filter(pk=webhook.pk, turned_off_at__isnull=False)
    if stopped.update(turned_off_at=None, turned_off_reason=""):
        audit.record(EventTypes.WEBHOOK_TURNED_ON, by, address, webhook=shown_url(webhook.url))


def retry_failed(webhook: Webhook) -> int:
    """Make the failed deliveries due again; return how many."""
    failed = WebhookDelivery.objects.filter(webhook=webhook, status=DeliveryStatus.FAILED)
    return failed.update(status=DeliveryStatus.WAITING, attempts=0, due_at=Now())


def delete(webhook: Webhook, by: str, address: str) -> None:
    """Delete the webhook with its deliveries. It is locked first, so that none is added meanwhile."""
    with transaction.atomic():
        locked = Webhook.objects.select_for_update().filter(pk=webhook.pk).first()
        if locked is None:
            return
        locked.delete()
    audit.record(EventTypes.WEBHOOK_DELETED, by, address, webhook=shown_url(webhook.url))


def shown_url(url: str) -> str:
    """The URL without its query, which may hold a key: audit events are kept for good."""
    return url.partition("?")[0]
