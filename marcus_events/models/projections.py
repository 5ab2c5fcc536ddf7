"""Tables derived from the log. They can be rebuilt from it.

A row of an Interval is valid from `from_position` to before `to_position`, which is null for the present state.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Self

from django.contrib.postgres.indexes import GinIndex, HashIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import Func, Q, Value
from django.db.models.functions import Left, Lower

from marcus_events.models.fields import BoardIdField

# The words of a name, to be found by their beginnings: see dashboard.queries.found_names.
NAME_WORDS = SearchVector(
    Func(Left("name", 200), Value("[^[:alnum:]]+"), Value(" "), Value("g"), function="regexp_replace"), config="simple"
)


class ProjectionName(StrEnum):
    """What has a checkpoint: the projections, and the hash chain, which is none and never rebuilt."""

    STATE = "state"
    RATES = "rates"
    SEARCH = "search"
    SEAL = "seal"


class Checkpoint(models.Model):
    """The position up to which a projection has applied the log; saved in the same transaction as its tables."""

    projection = models.TextField(primary_key=True)
    position = models.BigIntegerField(default=0)
    epoch = models.UUIDField()

    class Meta:
        db_table = "checkpoint"
        verbose_name = "projection"

    def __str__(self) -> str:
        return f"{self.projection} {self.position}"


class IntervalQuerySet(models.QuerySet[Any]):
    def now(self) -> Self:
        return self.filter(to_position=None)

    def as_of(self, moment: int | datetime | None) -> Self:
        """Return the rows that were valid after the event at a position, or at a time; None means now."""
        if moment is None:
            return self.now()
        unit = "position" if isinstance(moment, int) else "time"
        begun = Q(**{f"from_{unit}__lte": moment})
        unended = Q(**{f"to_{unit}__gt": moment}) | Q(**{f"to_{unit}": None})
        return self.filter(begun & unended)


class Interval(models.Model):
    """A state that was valid from one position (inclusive) to another (exclusive), with the times of both."""

    from_position = models.BigIntegerField()
    to_position = models.BigIntegerField(null=True)
    from_time = models.DateTimeField()
    to_time = models.DateTimeField(null=True)
    board_id = BoardIdField()  # "" where events named no board

    objects = IntervalQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.pk}"


def only_now(*fields: str, name: str) -> models.UniqueConstraint:
    """Return a constraint for one open interval per key; its index also serves reads of the present state."""
    return models.UniqueConstraint(fields=fields, condition=Q(to_position=None), name=name)


class Board(Interval):
    pk = models.CompositePrimaryKey("board_id", "from_position")
    name = models.TextField()
    demo = models.BooleanField()
    created_at = models.DateTimeField()
    board_type = models.TextField(default="", db_default="")
    external_id = models.TextField(default="", db_default="")
    sync_status = models.TextField(default="", db_default="")
    external_url = models.TextField(default="", db_default="")
    connection = models.TextField(default="", db_default="")
    connection_since = models.DateTimeField(null=True)
    connection_error = models.TextField(default="", db_default="")
    connection_error_at = models.DateTimeField(null=True)
    fallback_since = models.DateTimeField(null=True)
    fallback_reason = models.TextField(default="", db_default="")

    class Meta:
        db_table = "board"
        constraints: ClassVar[list[Any]] = [only_now("board_id", name="board_now")]
        indexes: ClassVar[list[models.Index]] = [
            # In the order of lists; no more of a name than an index can hold.
            models.Index(
                "demo", Left(Lower("name"), 64), "board_id", name="board_by_name", condition=Q(to_position=None)
            ),
        ]


class BoardRemoval(models.Model):
    """The removal of a board by the event at this position: pages hide earlier events of the board."""

    pk = models.CompositePrimaryKey("board_id", "position")
    board_id = BoardIdField()
    position = models.BigIntegerField()
    time = models.DateTimeField()

    class Meta:
        db_table = "board_removal"

    def __str__(self) -> str:
        return f"{self.board_id} {self.position}"


class BoardNow(Interval):
    """The table of boards with the key of the present rows, since Django's admin cannot list composite keys.

    Queries must use `now()`.
    """

    board_id = BoardIdField(primary_key=True)
    name = models.TextField()
    demo = models.BooleanField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "board"
        managed = False
        verbose_name = "board"


class Task(Interval):
    """A task. `status` is one of todo, assigned, in_progress, blocked, done, since `status_since`."""

    pk = models.CompositePrimaryKey("board_id", "task_id", "from_position")
    task_id = models.TextField()
    name = models.TextField()
    description = models.TextField()
    priority = models.TextField()
    labels = models.JSONField()
    status = models.TextField()
    status_since = models.DateTimeField()
    agent_id = models.TextField()  # "" while nobody has it
    progress = models.FloatField()  # percent
    created_at = models.DateTimeField()
    parent_task_id = models.TextField(default="", db_default="")  # the task that this one is a part of
    external_id = models.TextField(default="", db_default="")
    sync_status = models.TextField(default="", db_default="")

    class Meta:
        db_table = "task"
        constraints: ClassVar[list[Any]] = [only_now("board_id", "task_id", name="task_now")]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["task_id"], name="task_by_id"),
            models.Index(
                fields=["board_id", "status", "status_since"],
                name="task_by_status_since",
                condition=Q(to_position=None),
            ),
            models.Index(
                fields=["board_id", "parent_task_id"],
                name="task_by_parent",
                condition=Q(to_position=None) & ~Q(parent_task_id=""),
            ),
            HashIndex(fields=["name"], name="task_by_name", condition=Q(to_position=None)),  # it may be of any length
            GinIndex(NAME_WORDS, name="task_words", condition=Q(to_position=None)),
        ]


class Blocker(Interval):
    """A blocker of a task. `blocker_id` is the position of the event that reported it."""

    pk = models.CompositePrimaryKey("blocker_id", "from_position")
    blocker_id = models.BigIntegerField()
    event_id = models.TextField()
    task_id = models.TextField()
    agent_id = models.TextField()
    description = models.TextField()
    severity = models.TextField()
    reported_severity = models.TextField()
    blocker_type = models.TextField()
    suggestion = models.JSONField(null=True)
    opened_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    resolution = models.TextField()
    acknowledged_by = models.TextField(default="")
    assignee = models.TextField(default="")
    snoozed_until = models.DateTimeField(null=True)
    answer = models.TextField(default="")
    answered_by = models.TextField(default="")
    answer_id = models.TextField(default="")
    answer_due = models.DateTimeField(null=True)
    standing_reply = models.TextField(default="", db_default="")
    awaited_until = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    seen_by = models.TextField(default="", db_default="")
    resumed_at = models.DateTimeField(null=True)
    undelivered = models.TextField(default="", db_default="")
    resolved_by = models.TextField(default="", db_default="")

    class Meta:
        db_table = "blocker"
        permissions: ClassVar[Any] = [("handle_blocker", "Can reply to, acknowledge, assign and snooze blockers")]
        constraints: ClassVar[list[Any]] = [only_now("blocker_id", name="blocker_now")]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["board_id", "task_id"], name="blocker_by_task"),
            models.Index(fields=["opened_at"], name="blocker_open", condition=Q(to_position=None, resolved_at=None)),
            models.Index(fields=["answer_due"], name="blocker_answer", condition=Q(to_position=None, resolved_at=None)),
            models.Index(
                fields=["resolved_at", "blocker_id"],
                name="blocker_resolved",
                condition=Q(to_position=None, resolved_at__isnull=False),
            ),
            models.Index(fields=["opened_at"], name="blocker_opened", condition=Q(to_position=None)),
            models.Index(
                fields=["agent_id", "resolved_at"],
                name="blocker_unseen",
                condition=Q(to_position=None, resolved_at__isnull=False, seen_at=None) & ~Q(answer_id=""),
            ),
            models.Index(fields=["standing_reply"], name="blocker_standing", condition=~Q(standing_reply="")),
            models.Index(
                fields=["board_id", "resolved_at", "blocker_id"],
                name="blocker_by_people",
                condition=Q(to_position=None, resolved_at__isnull=False, standing_reply="") & ~Q(answer_id=""),
            ),
            models.Index(fields=["from_position"], name="blocker_begun"),
            models.Index(fields=["to_position"], name="blocker_ended", condition=Q(to_position__isnull=False)),
        ]


class Agent(Interval):
    """An agent. `status` is one of idle, waiting (for work), working, blocked, or a text that the agent reported."""

    pk = models.CompositePrimaryKey("board_id", "agent_id", "from_position")
    agent_id = models.TextField()
    name = models.TextField()
    role = models.TextField()
    skills = models.JSONField()
    status = models.TextField()
    status_since = models.DateTimeField()
    task_id = models.TextField()  # "" while it has none

    class Meta:
        db_table = "agent"
        constraints: ClassVar[list[Any]] = [only_now("board_id", "agent_id", name="agent_now")]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["to_time"], name="agent_ended")]


class Dependency(Interval):
    """The task `task_id` depends on `depends_on_id`, which may be on another board.

    `depends_on_board` is the board that the event named; if it is "", `marcus_events.log.task_boards` finds the board.
    """

    pk = models.CompositePrimaryKey("board_id", "task_id", "depends_on_id", "from_position")
    task_id = models.TextField()
    depends_on_id = models.TextField()
    depends_on_board = models.TextField(default="", db_default="")

    class Meta:
        db_table = "dependency"
        verbose_name_plural = "dependencies"
        constraints: ClassVar[list[Any]] = [
            only_now("board_id", "task_id", "depends_on_id", "depends_on_board", name="dependency_now")
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["depends_on_id"], name="dependency_on")]
