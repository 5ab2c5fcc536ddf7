"""Standing replies: a person's reply that also answers further blockers of the same kind."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from marcus_events.models.fields import BoardIdField


class StandingReply(models.Model):
    """A reply that answers every blocker on a board that equals its example in `fields`.

    It holds no text: the question and the reply are those of the blocker `blocker_id`. In shadow mode it answers
    nothing, and shows what it would have answered. `turned_on_by` is the person in whose name it replies.
    """

    class Stage(models.TextChoices):
        SHADOW = "shadow", "in shadow mode"
        ON = "on", "on"
        OFF = "off", "off"

    board_id = BoardIdField()
    blocker_id = models.BigIntegerField()
    epoch = models.UUIDField()  # of the log that has the blocker
    fields = models.JSONField()  # names of `blockers.standing_match.FIELDS`
    ends_at = models.DateTimeField()
    max_uses = models.PositiveIntegerField()
    stage = models.TextField(choices=Stage, default=Stage.SHADOW)
    saved_by = models.TextField()
    saved_at = models.DateTimeField()
    turned_on_by = models.TextField(default="")
    turned_on_at = models.DateTimeField(null=True)
    turned_on_position = models.BigIntegerField(default=0)  # up to there its shadow agreed
    turned_off_at = models.DateTimeField(null=True)
    turned_off_by = models.TextField(default="")  # "" if the system did
    reason = models.TextField(default="")  # why the system did

    class Meta:
        db_table = "standing_reply"
        verbose_name_plural = "standing replies"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["blocker_id"], condition=~Q(stage="off"), name="standing_reply_once"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.stage}"
