"""Retention policies and their runs."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from marcus_events.models.fields import BoardIdField

ALL = "*"
MAX_DAYS = 36_500
DEFAULT_DAYS = 90  # that a form offers


class RetentionPolicy(models.Model):
    """How long events of a type (a pattern) on a board ("" for all) are kept after they were recorded.

    The most specific matching policy applies: see `marcus_events.retention.policies`.
    """

    class Act(models.TextChoices):
        REMOVE = "remove", "remove events"
        THIN = "thin", "keep only the first and last of each run of similar events"

    board_id = BoardIdField(blank=True)
    pattern = models.TextField(default=ALL)
    keep_days = models.PositiveIntegerField(
        "kept for (days)", validators=[MinValueValidator(1), MaxValueValidator(MAX_DAYS)]
    )
    act = models.TextField("action", choices=Act, default=Act.REMOVE)
    enabled = models.BooleanField(default=True)
    done_to = models.BigIntegerField(default=0, editable=False)  # up to this position it has nothing to do any more

    class Meta:
        db_table = "retention_policy"
        verbose_name_plural = "retention policies"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["board_id", "pattern"], name="policy_once"),
            models.CheckConstraint(condition=Q(keep_days__gte=1), name="policy_keeps_a_day"),
        ]

    def __str__(self) -> str:
        what = "all events" if self.pattern == ALL else self.pattern
        where = f" of {self.board_id}" if self.board_id else ""
        return f"{what}{where} older than {days(self.keep_days)}"

    def save(self, *args: Any, **values: Any) -> None:
        super().save(*args, **values)
        look_anew()

    def delete(self, *args: Any, **values: Any) -> tuple[int, dict[str, int]]:
        try:
            return super().delete(*args, **values)
        finally:
            look_anew()


def look_anew() -> None:
    """A policy that changes may leave events to another one, behind which nothing was to be done any more."""
    RetentionPolicy.objects.update(done_to=0)


class RetentionRun(models.Model):
    """The result of one run of retention."""

    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    removed = models.BigIntegerField(default=0)  # events
    removed_by = models.JSONField("removed by policy", default=dict)  # policy in words → events
    partitions = models.IntegerField("partitions dropped", default=0)  # dropped whole
    bytes_freed = models.BigIntegerField(default=0)  # given back to the disk; of single events the room is used again
    oldest = models.BigIntegerField("log starts at", default=0)  # the oldest position kept, afterwards
    held_by = models.TextField("held back by", blank=True)  # who has not read yet what would have gone
    passed_over = models.TextField(
        "too far behind", blank=True
    )  # who has not read it for so long that it went all the same
    error = models.TextField(blank=True)

    class Meta:
        db_table = "retention_run"
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["-started_at"], name="retention_newest")]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M} {self.removed}"


class Thinned(models.Model):
    """The last of a run of equal events, and the number of removed events between the first one and it."""

    position = models.BigIntegerField(primary_key=True)
    count = models.BigIntegerField()

    class Meta:
        db_table = "thinned"
        verbose_name_plural = "thinned events"

    def __str__(self) -> str:
        return f"{self.position} {self.count}"


def days(number: int) -> str:
    return f"{number:,} {'day' if number == 1 else 'days'}"
