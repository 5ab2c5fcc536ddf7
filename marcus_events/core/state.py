"""The state of boards, tasks, blockers, agents and dependencies that events are folded into."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

StateKey = tuple[Any, ...]

# What a task's status may be, in the order of its way, and what people call it.
TASK_STATUSES = {
    "todo": "To do",
    "assigned": "Assigned",
    "in_progress": "In progress",
    "blocked": "Blocked",
    "done": "Done",
}
AGENT_STATUSES = ("working", "blocked", "waiting", "idle")  # an agent may say something else of itself


@dataclass(frozen=True)
class BoardState:
    board_id: str
    name: str
    demo: bool
    created_at: datetime
    # What Marcus says of the board behind it, see `core.reducers.boards` and `core.reducers.board_connection`.
    board_type: str = ""
    external_id: str = ""
    sync_status: str = ""
    external_url: str = ""  # the pattern of the addresses of external ids
    connection: str = ""  # connected, lost; "" while nothing is known
    connection_since: datetime | None = None
    connection_error: str = ""  # the last one
    connection_error_at: datetime | None = None
    fallback_since: datetime | None = None
    fallback_reason: str = ""

    @property
    def key(self) -> StateKey:
        return (self.board_id,)


@dataclass(frozen=True)
class TaskState:
    board_id: str
    task_id: str
    name: str
    description: str
    priority: str
    labels: list[str]
    status: str  # one of TASK_STATUSES
    status_since: datetime
    agent_id: str
    progress: float  # percent
    created_at: datetime
    parent_task_id: str = ""  # the task that this one is a part of
    external_id: str = ""
    sync_status: str = ""

    @property
    def key(self) -> StateKey:
        return (self.board_id, self.task_id)


@dataclass(frozen=True)
class BlockerState:
    board_id: str
    blocker_id: int  # the position of the event that reported it
    event_id: str
    task_id: str
    agent_id: str
    description: str
    severity: str
    reported_severity: str
    blocker_type: str
    suggestion: dict[str, Any] | None
    opened_at: datetime
    resolved_at: datetime | None
    resolution: str
    # What people do about it, see `core.reducers.blocker_handling`.
    acknowledged_by: str = ""
    assignee: str = ""
    snoozed_until: datetime | None = None
    answer: str = ""
    answered_by: str = ""
    answer_id: str = ""  # of the event that gave it
    standing_reply: str = ""  # the standing reply that gave it; "" if a person wrote it for this blocker
    answer_due: datetime | None = None  # when it is sent, unless it is withdrawn before
    awaited_until: datetime | None = None  # until when somebody is known to wait for an answer
    seen_at: datetime | None = None
    seen_by: str = ""  # the agent that has received the answer; "" if the program did not say
    resumed_at: datetime | None = None
    undelivered: str = ""  # why the answer was never sent; then `answer_id` is "", and `answer` what it would have been
    resolved_by: str = ""  # the source of the `blocker_resolved` that ended it

    @property
    def key(self) -> StateKey:
        return (self.blocker_id,)


@dataclass(frozen=True)
class AgentState:
    board_id: str
    agent_id: str
    name: str
    role: str
    skills: list[str]
    status: str
    status_since: datetime
    task_id: str

    @property
    def key(self) -> StateKey:
        return (self.board_id, self.agent_id)


@dataclass(frozen=True)
class DependencyState:
    board_id: str
    task_id: str
    depends_on_id: str
    depends_on_board: str = ""  # as the event names it; "" where it names none, see `access.linked_tasks`

    @property
    def key(self) -> StateKey:
        return (self.board_id, self.task_id, self.depends_on_id, self.depends_on_board)


StateItem = BoardState | TaskState | BlockerState | AgentState | DependencyState
KINDS: tuple[type[StateItem], ...] = (BoardState, TaskState, BlockerState, AgentState, DependencyState)
StateChanges = dict[tuple[type[StateItem], StateKey], StateItem | None]  # None: it is no more


@dataclass
class State:
    """The items by type and key, and the changes since the last `pop_changes`."""

    items: dict[type[StateItem], dict[StateKey, StateItem]] = field(
        default_factory=lambda: {kind: {} for kind in KINDS}
    )
    changes: StateChanges = field(default_factory=dict)
    _boards_of_task: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _blockers_of_task: dict[str, dict[int, BlockerState]] = field(default_factory=lambda: defaultdict(dict))

    def load(self, item: StateItem) -> None:
        """Add an existing item, without recording a change."""
        self.items[type(item)][item.key] = item
        if isinstance(item, TaskState):
            self._boards_of_task[item.task_id].add(item.board_id)
        elif isinstance(item, BlockerState):
            self._blockers_of_task[item.task_id][item.blocker_id] = item

    def put(self, item: StateItem) -> None:
        known = self.items[type(item)].get(item.key)
        if known is not item and known != item:
            self.load(item)
            self.changes[type(item), item.key] = item

    def remove(self, item: StateItem) -> None:
        del self.items[type(item)][item.key]
        if isinstance(item, TaskState):
            self._boards_of_task[item.task_id].discard(item.board_id)
        elif isinstance(item, BlockerState):
            self._blockers_of_task[item.task_id].pop(item.blocker_id, None)
        self.changes[type(item), item.key] = None

    def pop_changes(self) -> StateChanges:
        taken, self.changes = self.changes, {}
        return taken

    def board(self, board_id: str) -> BoardState | None:
        found = self.items[BoardState].get((board_id,))
        return found if isinstance(found, BoardState) else None

    def task(self, board_id: str, task_id: str) -> TaskState | None:
        found = self.items[TaskState].get((board_id, task_id))
        return found if isinstance(found, TaskState) else None

    def agent(self, board_id: str, agent_id: str) -> AgentState | None:
        found = self.items[AgentState].get((board_id, agent_id))
        return found if isinstance(found, AgentState) else None

    def boards_of_task(self, task_id: str) -> set[str]:
        return set(self._boards_of_task[task_id])

    def blockers_of(self, board_id: str, task_id: str) -> list[BlockerState]:
        """Return all blockers that a task ever had, oldest first."""
        found = sorted(self._blockers_of_task[task_id].items())
        return [blocker for _, blocker in found if blocker.board_id == board_id]

    def open_blockers(self, board_id: str, task_id: str) -> list[BlockerState]:
        return [blocker for blocker in self.blockers_of(board_id, task_id) if blocker.resolved_at is None]

    def on_board(self, board_id: str) -> list[StateItem]:
        return [item for items in self.items.values() for item in items.values() if item.board_id == board_id]
