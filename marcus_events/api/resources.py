"""The JSON objects that the addresses for the present and the past answer with, and those about the process itself."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from marcus_events.core.event_fields import SEVERITIES
from marcus_events.core.event_types import CATEGORIES
from marcus_events.core.json_schema import Keywords, schema_of
from marcus_events.http.event_shapes import Count, Position, PublishedEvent, Time

STATUSES = ("todo", "assigned", "in_progress", "blocked", "done")
TaskStatus = Annotated[str, Keywords(enum=list(STATUSES))]
Severity = Annotated[str, Keywords(enum=list(SEVERITIES))]
Progress = Annotated[float, Keywords("In percent.", minimum=0, maximum=100)]
Cursor = Annotated[str | None, Keywords("The `cursor` to go on with; null on the last page.")]
ExternalId = Annotated[str | None, Keywords("Its id in another system.")]
ExternalUrl = Annotated[str | None, Keywords("Its address there, where the board names a pattern.")]


def counts(*names: str, **keywords: Any) -> Keywords:
    """Of an object that says how many there are of each of these."""
    return Keywords(type="object", properties={name: schema_of(Count) for name in names}, **keywords)


class LogPage(TypedDict):
    """A page of the log."""

    events: list[PublishedEvent]
    next: Annotated[int | None, Keywords("Where to go on; null on the last page.")]
    head: Annotated[Count, Keywords("The newest position of the log.")]


class NextEvent(TypedDict):
    """The next event, or null where none came in time."""

    event: PublishedEvent | None
    head: Annotated[Count, Keywords("Up to here was looked: asking again after it misses nothing.")]


class BoardConnection(TypedDict):
    """Whether Marcus is connected to the board, since when, and the last error. Null is what is not known."""

    status: Annotated[str | None, Keywords(enum=["connected", "lost", None])]
    since: Time | None
    error: str | None
    error_at: Time | None


class BoardFallback(TypedDict):
    """Since when Marcus has worked without the board, and why; null where it does not."""

    since: Time | None
    reason: str | None


class BoardResource(TypedDict):
    """A board, with how many of its tasks are in which status."""

    board_id: str
    name: str
    demo: bool
    created_at: Time
    board_type: str | None
    external_id: ExternalId
    external_url: ExternalUrl
    sync_status: str | None
    connection: BoardConnection
    fallback: BoardFallback
    tasks: Annotated[dict[str, int], counts("total", *STATUSES, required=["total"])]


class BoardsPage(TypedDict):
    """The boards that were asked for: a page of them."""

    boards: list[BoardResource]
    next: Cursor


class TaskReference(TypedDict):
    """A task that it depends on, and that task's board. Both are null where the caller does not see that board."""

    task_id: str | None
    board_id: str | None


class TaskResource(TypedDict):
    """A task. It has been in `status` since `since`; `waiting_behind` tasks cannot go on before it is done."""

    task_id: str
    name: str
    description: str
    board_id: str
    status: TaskStatus
    since: Time
    agent_id: str | None
    progress: Progress
    priority: str | None
    labels: list[str]
    parent_task_id: str | None
    depends_on: list[TaskReference]
    waiting_behind: Count
    created_at: Time
    external_id: ExternalId
    external_url: ExternalUrl
    sync_status: str | None


class TasksPage(TypedDict):
    """The tasks that were asked for: a page of them."""

    tasks: list[TaskResource]
    next: Cursor


class BlockerResource(TypedDict):
    """What holds up a task. `blocker_id` is the position of the event that reported it."""

    blocker_id: Position
    event_id: str
    task_id: str
    board_id: str
    agent_id: str | None
    description: str
    severity: Severity
    reported_severity: Severity
    blocker_type: str | None
    suggestion: dict[str, Any] | None
    opened_at: Time
    resolved_at: Time | None
    resolution: str | None


class BlockersPage(TypedDict):
    """The blockers that were asked for: a page of them."""

    blockers: list[BlockerResource]
    next: Cursor


class AgentResource(TypedDict):
    """An agent. `status` is `idle`, `waiting`, `working`, `blocked`, or what the agent said of itself."""

    agent_id: str
    name: str
    role: str | None
    skills: list[str]
    board_id: str
    status: str
    since: Time
    task_id: str | None


class AgentsPage(TypedDict):
    """The agents that were asked for: a page of them."""

    agents: list[AgentResource]
    next: Cursor


class MinuteCount(TypedDict):
    """Events of a minute."""

    minute: Time
    count: Count


class EventCounts(TypedDict):
    """How many events there are."""

    total: Count
    by_type: dict[str, Count]
    by_category: Annotated[dict[str, int], counts(*CATEGORIES)]
    series: list[MinuteCount]


class Liveness(TypedDict):
    """Alive."""

    status: str


class PartState(TypedDict):
    """The log, or a table that follows it."""

    ready: bool
    head: NotRequired[Count]
    lag: NotRequired[int]
    reason: NotRequired[str]


class Readiness(TypedDict):
    """Each part with its state. `lag` is how many events a table of the present is behind the log."""

    status: Literal["ready", "not ready"]
    parts: dict[str, PartState]
