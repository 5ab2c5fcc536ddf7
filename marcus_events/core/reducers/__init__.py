"""What an event changes: the pure function that folds the log into state.

`fold(state, recorded)` gives the changes one event makes. It never fails and never reads a clock: the same log always
gives the same state. Rules:

1. A task goes todo → assigned → in_progress → done; an assignment to the agent who has started already changes nothing.
2. A blocker opens with `task_blocked` and ends when the task moves on: by a later progress, start or completion, or by
   `blocker_resolved`. The same complaint while it is open is the same blocker. A task is blocked as long as one of its
   blockers is open.
3. State follows the order of the log, never a comparison of timestamps. An event that its own producer marks as out of
   order moves nothing; see `order`. Times are those of `Recorded.happened_at`, and never run backwards for one item.
4. An event that names no board belongs to the one board that knows its task, else to the board "".
5. `board_removed` takes a known board and everything on it out of the present; of an unknown one it changes nothing.
6. An agent works on one task at a time: it is blocked with it, free when it is done or another agent has it. One that
   asked for work on no board waits no longer when it has a task on any.
7. What people do about a blocker changes the blocker alone, and counts while it is open; see `handling`.
8. What Marcus refused, or did not answer, changes nothing: not even that there is such an agent.
9. What Marcus says of its connection to a board changes the board alone; see `connection`.
10. A redacted event does what it did, without its words; see `effect`.
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
    """The changes that this event makes to `state`, which is changed."""
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
    return state.take_changes()


def ensure_board_and_agent(state: State, recorded: RecordedEvent, board_id: str) -> None:
    if board_id:
        ensure_board(state, recorded, board_id)
    if category_of(recorded.event_type) in ("agent", "task") and recorded.event_type not in REFUSALS:
        ensure_agent(state, recorded, board_id)
