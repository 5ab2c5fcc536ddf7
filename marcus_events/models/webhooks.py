"""Webhooks, and the deliveries that are waiting, sent or failed. No text of an event is stored here."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q


class DeliveryStatus(StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


class Webhook(models.Model):
    """A URL that is called when a blocker ends.

    The secret is not stored: see `marcus_events.webhooks.signature`. `position` is the position up to which the ends of
    blockers have become deliveries.
    """

    url = models.TextField(unique=True)
    boards = models.JSONField(default=list)  # ids; none means every board
    nonce = models.TextField()  # the secret is derived from it
    created_by = models.TextField()
    created_at = models.DateTimeField()
    position = models.BigIntegerField()
    turned_off_at = models.DateTimeField(null=True)
    turned_off_reason = models.TextField(default="", db_default="")  # "" if a person turned it off

    class Meta:
        db_table = "webhook"

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(models.Model):
    """The end of a blocker, on its way to a webhook.

    `attempts` counts those that have begun. An attempt moves `due_at` ahead first, so the delivery is tried again if
    its process is killed. `message_id` is the same in all attempts.
    """

    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries")
    blocker_id = models.BigIntegerField()
    position = models.BigIntegerField()  # of the event that ended the blocker
    message_id = models.TextField()
    status = models.TextField(default=DeliveryStatus.WAITING.value)
    attempts = models.IntegerField(default=0)
    due_at = models.DateTimeField()
    attempted_at = models.DateTimeField(null=True)  # when the outcome of the last attempt was known
    error = models.TextField(default="", db_default="")  # of the last attempt; in our own words, never the receiver's

    class Meta:
        db_table = "webhook_delivery"
        verbose_name_plural = "webhook deliveries"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["webhook", "blocker_id"], name="webhook_delivery_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["webhook", "due_at"], name="webhook_delivery_due", condition=Q(status="waiting")),
            models.Index(
                fields=["webhook", "attempted_at"], name="webhook_delivery_failed", condition=Q(status="failed")
            ),
            models.Index(fields=["webhook", "attempted_at"], name="webhook_delivery_attempted"),
        ]

    def __str__(self) -> str:
        return self.message_id
