"""The log, the identities of its events, and its head. Written by `marcus_events.log`."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Least

from marcus_events.models.fields import BoardIdField


class LoggedEvent(models.Model):
    """An event of the log. The table is partitioned by position: see `marcus_events.log.partitions`."""

    position = models.BigIntegerField(primary_key=True)
    recorded_at = models.DateTimeField()
    event_id = models.TextField()
    source = models.TextField()
    event_type = models.TextField()
    timestamp = models.DateTimeField()
    data = models.JSONField()
    metadata = models.JSONField()
    board_id = BoardIdField(null=True)  # null keeps the row out of the partial index
    task_id = models.TextField(null=True)  # noqa: DJ001
    agent_id = models.TextField(null=True)  # noqa: DJ001

    class Meta:
        db_table = "event"
        verbose_name = "event"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["event_type", "position"], name="event_by_type"),
            models.Index(fields=["board_id", "position"], name="event_by_board", condition=Q(board_id__isnull=False)),
            models.Index(fields=["task_id", "position"], name="event_by_task", condition=Q(task_id__isnull=False)),
            models.Index(fields=["agent_id", "position"], name="event_by_agent", condition=Q(agent_id__isnull=False)),
            models.Index(
                fields=["agent_id", "position"],
                name="event_of_no_board",
                condition=Q(board_id__isnull=True, agent_id__isnull=False),
            ),
            models.Index(Least("timestamp", "recorded_at"), name="event_by_happened"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.event_type}"


class Identity(models.Model):
    """The identity of an event and its position. A separate table, since it is unique over all partitions.

    It outlives its event, so that reading a file again does not restore removed events. `owner` is the board of a
    producer restricted to some boards, and "" for other producers.
    """

    pk = models.CompositePrimaryKey("event_id", "source", "owner")
    event_id = models.TextField()
    source = models.TextField()
    owner = models.TextField(default="", db_default="")
    position = models.BigIntegerField()
    digest = models.BinaryField(max_length=16)  # of the body as the producer sent it: tells a repeat from a conflict

    class Meta:
        db_table = "event_identity"
        verbose_name_plural = "identities"
        indexes: ClassVar[list[models.Index]] = [BrinIndex(fields=["position"], name="identity_by_position")]

    def __str__(self) -> str:
        return f"{self.source} {self.event_id}"


class LogHead(models.Model):
    """The single row with the head of the log. Appending locks it until the commit.

    `epoch` changes when positions may be reused for other events (a restored backup): readers with a position must
    then start over.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    position = models.BigIntegerField(default=0)
    recorded_at = models.DateTimeField()
    oldest = models.BigIntegerField(default=1)
    epoch = models.UUIDField()

    class Meta:
        db_table = "log_head"
        constraints: ClassVar[list[Any]] = [models.CheckConstraint(condition=Q(id=1), name="log_head_is_one_row")]

    def __str__(self) -> str:
        return f"{self.position}"
