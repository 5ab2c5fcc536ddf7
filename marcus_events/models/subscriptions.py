"""Durable subscriptions and their parked events."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models


class Subscription(models.Model):
    """A durable subscription, its position and its owner. `fence` grows with every new owner."""

    name = models.TextField(primary_key=True)
    patterns = models.TextField()  # as its last owner stated them; for people
    position = models.BigIntegerField()  # everything up to it is done
    epoch = models.UUIDField()
    fence = models.BigIntegerField(default=0)
    owner = models.TextField(blank=True)  # its machine and process; for people
    backend = models.IntegerField(null=True)  # of the owner's connection: gone with the owner
    backend_since = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0)  # that failed, at the event after `position`
    last_error = models.TextField(blank=True)

    class Meta:
        db_table = "subscription"
        verbose_name = "durable subscription"

    def __str__(self) -> str:
        return self.name


class ParkedEvent(models.Model):
    """An event that a durable subscription's handler failed on, until somebody replays or skips it."""

    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="parked")
    position = models.BigIntegerField()
    error = models.TextField()
    attempts = models.IntegerField()
    parked_at = models.DateTimeField()
    replay = models.BooleanField(default=False)  # the owner is to try it again

    class Meta:
        db_table = "parked_event"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["subscription", "position"], name="parked_once")
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id} {self.position}"
