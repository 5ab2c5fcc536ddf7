"""The tables: the log, its head, what is derived from the log, durable subscriptions, tokens, and refused requests.

Everything below `Interval` is a projection: each row says what was so from one position to another, `to_position` being
null while it still is. They can all be rebuilt from the log. Only `marcus_events.log` writes the first two tables.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q

from marcus_events.core.event import utc_now
from marcus_events.core.patterns import any_like


class LoggedEvent(models.Model):
    """One event in the one ordered sequence. (source, event_id) is its identity."""

    position = models.BigIntegerField(primary_key=True)
    recorded_at = models.DateTimeField()
    event_id = models.TextField()
    source = models.TextField()
    event_type = models.TextField()
    timestamp = models.DateTimeField()
    data = models.JSONField()
    metadata = models.JSONField()
    board_id = models.TextField(null=True)  # noqa: DJ001 - null keeps the row out of the partial index
    task_id = models.TextField(null=True)  # noqa: DJ001
    agent_id = models.TextField(null=True)  # noqa: DJ001
    digest = models.BinaryField(max_length=16)  # of the body as the producer sent it: tells a repeat from a conflict

    class Meta:
        db_table = "event"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["event_id", "source"], name="event_identity")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["event_type", "position"], name="event_by_type"),
            models.Index(fields=["board_id", "position"], name="event_by_board", condition=Q(board_id__isnull=False)),
            models.Index(fields=["task_id", "position"], name="event_by_task", condition=Q(task_id__isnull=False)),
            models.Index(fields=["agent_id", "position"], name="event_by_agent", condition=Q(agent_id__isnull=False)),
            models.Index(fields=["timestamp"], name="event_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.event_type}"


class LogHead(models.Model):
    """The single row that numbers the log. Whoever appends holds it locked until the commit.

    `epoch` changes when positions could come again with other events (a restored backup): whoever holds a position
    then starts over.
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


class Checkpoint(models.Model):
    """How far a projection has come; saved in the same transaction as what it wrote."""

    projection = models.TextField(primary_key=True)
    position = models.BigIntegerField(default=0)
    epoch = models.UUIDField()

    class Meta:
        db_table = "checkpoint"

    def __str__(self) -> str:
        return f"{self.projection} {self.position}"


class IntervalQuerySet(models.QuerySet[Any]):
    def now(self) -> Self:
        return self.filter(to_position=None)

    def as_of(self, moment: int | datetime | None) -> Self:
        """The rows that held after the event at a position, or at a time; None means now."""
        if moment is None:
            return self.now()
        unit = "position" if isinstance(moment, int) else "time"
        begun = Q(**{f"from_{unit}__lte": moment})
        unended = Q(**{f"to_{unit}__gt": moment}) | Q(**{f"to_{unit}": None})
        return self.filter(begun & unended)


class Interval(models.Model):
    """What was so from one position (inclusive) to another (exclusive), and from when to when."""

    from_position = models.BigIntegerField()
    to_position = models.BigIntegerField(null=True)
    from_time = models.DateTimeField()
    to_time = models.DateTimeField(null=True)
    board_id = models.TextField()  # "" where events named no board

    objects = IntervalQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.pk}"


def only_now(*fields: str, name: str) -> models.UniqueConstraint:
    """One open interval per key: also the index by which the present is read."""
    return models.UniqueConstraint(fields=fields, condition=Q(to_position=None), name=name)


class Board(Interval):
    pk = models.CompositePrimaryKey("board_id", "from_position")
    name = models.TextField()
    demo = models.BooleanField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "board"
        constraints: ClassVar[list[Any]] = [only_now("board_id", name="board_now")]


class Task(Interval):
    """`status` is one of todo, assigned, in_progress, blocked, done, and has been so since `status_since`."""

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

    class Meta:
        db_table = "task"
        constraints: ClassVar[list[Any]] = [only_now("board_id", "task_id", name="task_now")]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["task_id"], name="task_by_id")]


class Blocker(Interval):
    """What keeps a task from going on. `blocker_id` is the position of the event that reported it."""

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
    awaited_until = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    resumed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "blocker"
        constraints: ClassVar[list[Any]] = [only_now("blocker_id", name="blocker_now")]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["board_id", "task_id"], name="blocker_by_task"),
            models.Index(fields=["opened_at"], name="blocker_open", condition=Q(to_position=None, resolved_at=None)),
            models.Index(fields=["answer_due"], name="blocker_answer", condition=Q(to_position=None, resolved_at=None)),
        ]


class Agent(Interval):
    """`status` is one of idle, waiting (has asked for work), working, blocked, or what the agent said of itself."""

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


class Dependency(Interval):
    """`task_id` cannot go on before `depends_on_id` is done."""

    pk = models.CompositePrimaryKey("board_id", "task_id", "depends_on_id", "from_position")
    task_id = models.TextField()
    depends_on_id = models.TextField()

    class Meta:
        db_table = "dependency"
        constraints: ClassVar[list[Any]] = [only_now("board_id", "task_id", "depends_on_id", name="dependency_now")]


class Rate(models.Model):
    """How many events of a type happened on a board in a minute of the producers' clocks."""

    pk = models.CompositePrimaryKey("board_id", "event_type", "minute")
    board_id = models.TextField()
    event_type = models.TextField()
    minute = models.DateTimeField()
    count = models.BigIntegerField()

    class Meta:
        db_table = "rate"
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["minute"], name="rate_by_minute")]

    def __str__(self) -> str:
        return f"{self.event_type} {self.minute} {self.count}"


class Subscription(models.Model):
    """A durable subscription: how far it has come, and who is at it. `fence` grows with every new owner."""

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

    def __str__(self) -> str:
        return self.name


class ParkedEvent(models.Model):
    """An event that a durable subscription's handler failed on, until somebody lets it be tried again or skips it."""

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


class Token(models.Model):
    """A program's key. The secret is shown once and only its SHA-256 is kept, so a stolen table opens nothing."""

    name = models.TextField(unique=True)
    prefix = models.TextField()  # the first characters, to recognise it by
    digest = models.BinaryField(max_length=32, unique=True)
    scopes = models.JSONField()  # of "publish", "read"
    boards = models.JSONField(default=list)  # ids; none means every board
    sources = models.JSONField(default=list)  # patterns of those it may speak for; none means any
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)  # to the minute
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "token"

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        """In words: whether it opens anything, and until when."""
        if self.revoked_at:
            return f"revoked {self.revoked_at:%Y-%m-%d %H:%M}"
        if self.expires_at:
            return f"{'expired' if self.expires_at <= utc_now() else 'expires'} {self.expires_at:%Y-%m-%d %H:%M}"
        return "never expires"

    def knows(self, board_id: str | None) -> bool:
        """Whether events of this board are among what it may see; None is no board."""
        return not self.boards or board_id in self.boards

    def speaks_for(self, source: str) -> bool:
        return not self.sources or any_like(self.sources, source)


class RefusedRequest(models.Model):
    """What was refused at the door, alike ones counted together. `marcus_events.doors.refusals` writes it."""

    status = models.SmallIntegerField()
    reason = models.TextField()
    address = models.TextField()
    prefix = models.TextField()  # of the token that was shown; "" for none
    method = models.TextField()
    path = models.TextField()
    count = models.BigIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        db_table = "refused_request"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["status", "reason", "address", "prefix", "method", "path"], name="refused_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.method} {self.path}"
