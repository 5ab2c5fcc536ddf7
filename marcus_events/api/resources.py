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
Cursor = Annotated[str | None, Keywords("The `cursor` for the next page; null on the last page.")]
ExternalId = Annotated[str | None, Keywords("Its id in an external system.")]
ExternalUrl = Annotated[str | None, Keywords("Its URL in that system, if the board defines a URL pattern.")]


def counts(*names: str, **keywords: Any) -> Keywords:
    """Of an object that says how many there are of each of these."""
    return Keywords(type="object", properties={name: schema_of(Count) for name in names}, **keywords)


class LogPage(TypedDict):
    """A page of the log."""

    events: list[PublishedEvent]
    next: Annotated[int | None, Keywords("Where the next page starts; null on the last page.")]
    head: Annotated[Count, Keywords("The newest position of the log.")]


class NextEvent(TypedDict):
    """The next event, or null if none arrived in time."""

    event: PublishedEvent | None
    head: Annotated[Count, Keywords("The last position searched. Continue after it to miss no events.")]


class BoardConnection(TypedDict):
    """Whether Marcus is connected to the board, since when, and the last error. Unknown values are null."""

    status: Annotated[str | None, Keywords(enum=["connected", "lost", None])]
    since: Time | None
    error: str | None
    error_at: Time | None


class BoardFallback(TypedDict):
    """Since when Marcus has been in fallback mode, and why; null if it is not."""

    since: Time | None
    reason: str | None


class BoardResource(TypedDict):
    """A board with the number of its tasks by status."""

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
    """A task it depends on, with its board. Both are null if the caller has no access to that board."""

    task_id: str | None
    board_id: str | None


class TaskResource(TypedDict):
    """A task. It has been in `status` since `since`. `waiting_behind` is the number of tasks that wait for it."""

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
    """A problem that stops a task. `blocker_id` is the position of the event that reported it."""

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
    """An agent. `status` is `idle`, `waiting`, `working`, `blocked`, or a status reported by the agent."""

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
    """Events in one minute."""

    minute: Time
    count: Count


class EventCounts(TypedDict):
    """Numbers of events."""

    total: Count
    by_type: dict[str, Count]
    by_category: Annotated[dict[str, int], counts(*CATEGORIES)]
    series: list[MinuteCount]


class Liveness(TypedDict):
    """Alive."""

    status: str


class PartState(TypedDict):
    """The log or a projection."""

    ready: bool
    head: NotRequired[Count]
    lag: NotRequired[int]
    lag_s: NotRequired[Annotated[float, Keywords("Seconds since the oldest of these events was recorded.", minimum=0)]]
    behind: NotRequired[Annotated[bool, Keywords("Whether that is more than two seconds.")]]
    reason: NotRequired[str]


class Readiness(TypedDict):
    """The state of each component. `lag` is the number of events a projection is behind the log."""

    status: Literal["ready", "not ready"]
    parts: dict[str, PartState]
