"""The reducers: a pure function that folds the events of the log into the state.

`fold(state, recorded)` returns the changes of one event. It never fails and never reads a clock: the same log always
gives the same state. Rules:

1. A task goes todo → assigned → in_progress → done. An assignment to the agent who has started changes nothing.
2. A blocker opens with `task_blocked` and ends when the task moves on (progress, start or completion) or with
   `blocker_resolved`. A repeated report while it is open is the same blocker. A task is blocked while one of its
   blockers is open.
3. State follows the order of the log, never a comparison of timestamps. An event that its producer marks as out of
   order moves no task; see `report_order`. Times are `RecordedEvent.happened_at`, and never decrease for one item.
4. An event without a board belongs to the only board with its task, else to the board "".
5. `board_removed` removes a known board with everything on it.
6. An agent works on one task at a time: it is blocked with the task, and idle when the task is done or another agent
   has it. An agent that asked for work without naming a board stops waiting when it gets a task on any board.
7. The actions of people change only the blocker, and only while it is open; see `blocker_handling`.
8. Requests that Marcus refused or did not answer change nothing; they do not even create the agent.
9. Events about Marcus's connection to a board change only the board; see `board_connection`.
10. A redacted event keeps its effect without its text; see `redacted_effect`.
"""

from __future__ import annotations

from collections.abc import Callable

from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_types import EventTypes as T
from marcus_events.core.event_types import category_of
from marcus_events.core.reducers import blocker_handling, board_connection
from marcus_events.core.reducers.agents import agent_registered, agent_status_changed, ensure_agent, task_requested
from marcus_events.core.reducers.blockers import blocker_resolved, blocker_suggestion, blocker_updated, task_blocked
from marcus_events.core.reducers.boards import (
    board_of,
    board_removed,
    dependency_detected,
    ensure_board,
    update_external_fields,
)
from marcus_events.core.reducers.redacted_effect import foldable
from marcus_events.core.reducers.report_order import is_out_of_order
from marcus_events.core.reducers.tasks import (
    task_assigned,
    task_completed,
    task_created,
    task_progress,
    task_started,
    task_updated,
)
from marcus_events.core.state import State, StateChanges

REFUSALS = frozenset({T.TASK_REQUEST_REFUSED, T.REPORT_REFUSED, T.REPORT_UNANSWERED})
HANDLERS: dict[str, Callable[[State, RecordedEvent, str], None]] = {
    T.TASK_CREATED: task_created,
    T.TASK_REQUESTED: task_requested,
    T.TASK_ASSIGNED: task_assigned,
    T.TASK_STARTED: task_started,
    T.TASK_PROGRESS: task_progress,
    T.TASK_COMPLETED: task_completed,
    T.TASK_UPDATED: task_updated,
    T.TASK_BLOCKED: task_blocked,
    T.BLOCKER_SUGGESTION: blocker_suggestion,
    T.BLOCKER_UPDATED: blocker_updated,
    T.BLOCKER_RESOLVED: blocker_resolved,
    T.BLOCKER_ACKNOWLEDGED: blocker_handling.blocker_acknowledged,
    T.BLOCKER_ASSIGNED: blocker_handling.blocker_assigned,
    T.BLOCKER_SNOOZED: blocker_handling.blocker_snoozed,
    T.BLOCKER_ANSWERED: blocker_handling.blocker_answered,
    T.ANSWER_WITHDRAWN: blocker_handling.answer_withdrawn,
    T.ANSWER_FAILED: blocker_handling.answer_failed,
    T.ANSWER_AWAITED: blocker_handling.answer_awaited,
    T.ANSWER_SEEN: blocker_handling.answer_seen,
    T.AGENT_REGISTERED: agent_registered,
    T.AGENT_SKILL_UPDATED: agent_registered,
    T.AGENT_STATUS_CHANGED: agent_status_changed,
    T.DEPENDENCY_DETECTED: dependency_detected,
    T.KANBAN_CONNECTED: board_connection.kanban_connected,
    T.KANBAN_UPDATED: board_connection.kanban_connected,
    T.KANBAN_ERROR: board_connection.kanban_error,
    T.FALLBACK_MODE: board_connection.fallback_mode,
}


def fold(state: State, recorded: RecordedEvent) -> StateChanges:
    """Apply an event to `state` and return the changes."""
    recorded = foldable(recorded)
    if recorded.event_type == T.BOARD_REMOVED:
        board_removed(state, recorded)
    else:
        ensure_board_and_agent(state, recorded, board_id := board_of(state, recorded))
        handler = HANDLERS.get(recorded.event_type)
        if handler and not is_out_of_order(recorded):
            handler(state, recorded, board_id)
        if recorded.event_type not in REFUSALS:
            update_external_fields(state, recorded, board_id)
    return state.pop_changes()


def ensure_board_and_agent(state: State, recorded: RecordedEvent, board_id: str) -> None:
    if board_id:
        ensure_board(state, recorded, board_id)
    if category_of(recorded.event_type) in ("agent", "task") and recorded.event_type not in REFUSALS:
        ensure_agent(state, recorded, board_id)
