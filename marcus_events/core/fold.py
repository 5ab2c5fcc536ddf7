"""What an event changes: the pure function that folds the log into state.

`fold(state, recorded)` gives the changes one event makes. It never fails and never reads a clock: the same log always
gives the same state. Rules:

1. A task goes todo → assigned → in_progress → done; an assignment to the agent who has started already changes nothing.
2. A blocker opens with `task_blocked` and ends when the task moves on: by a later progress, start or completion, or by
   `blocker_resolved`. The same complaint while it is open is the same blocker.
3. What was stated before a task was blocked or done (by the producer's clock) but arrives afterwards does not undo it.
4. An event that names no board belongs to the one board that knows its task, else to the board "".
5. `board_removed` takes the board and everything on it out of the present.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from marcus_events.core import sentences
from marcus_events.core.event import Recorded
from marcus_events.core.state import Agent, Blocker, Board, Changes, Dependency, State, Task
from marcus_events.core.vocabulary import EventTypes as T
from marcus_events.core.vocabulary import category_of

SEVERITIES = ("low", "medium", "high", "critical")
DONE_WORDS = ("completed", "done")


def fold(state: State, recorded: Recorded) -> Changes:
    """The changes that this event makes to `state`, which is changed."""
    board_id = board_of(state, recorded)
    if recorded.event_type == T.BOARD_REMOVED and recorded.board_id:
        for item in state.on_board(recorded.board_id):
            state.remove(item)
        return state.take_changes()
    if board_id:
        know_board(state, recorded, board_id)
    if category_of(recorded.event_type) in ("agent", "task"):
        know_agent(state, recorded, board_id)
    if handler := HANDLERS.get(recorded.event_type):
        handler(state, recorded, board_id)
    return state.take_changes()


def board_of(state: State, recorded: Recorded) -> str:
    if recorded.board_id:
        return recorded.board_id
    known = state.boards_of_task(recorded.task_id) if recorded.task_id else set()
    return known.pop() if len(known) == 1 else ""


def know_board(state: State, recorded: Recorded, board_id: str) -> None:
    """A board exists from the first event that names it; its name may come later."""
    name = sentences.board_name(recorded)
    board = state.board(board_id) or Board(board_id, name, recorded.metadata.get("demo") is True, recorded.timestamp)
    if name != board_id and (board.name == board_id or recorded.event_type in (T.PROJECT_CREATED, T.PROJECT_UPDATED)):
        board = replace(board, name=name)
    state.put(board)


def know_agent(state: State, recorded: Recorded, board_id: str) -> None:
    """An agent exists from the first event that it did."""
    if recorded.agent_id and not state.agent(board_id, recorded.agent_id):
        name = sentences.agent_name(recorded)
        state.put(Agent(board_id, recorded.agent_id, name, "", [], "idle", recorded.timestamp, ""))


def task_created(state: State, recorded: Recorded, board_id: str) -> None:
    if not (task := known_task(state, recorded, board_id)):
        return
    state.put(
        replace(
            task,
            description=text(recorded, "description") or task.description,
            priority=text(recorded, "priority") or task.priority,
            labels=texts(recorded, "labels") or task.labels,
            created_at=recorded.timestamp,
        )
    )
    for depends_on_id in texts(recorded, "depends_on"):
        state.put(Dependency(board_id, task.task_id, depends_on_id))


def task_requested(state: State, recorded: Recorded, board_id: str) -> None:
    set_agent(state, recorded, board_id, "waiting", "")


def task_assigned(state: State, recorded: Recorded, board_id: str) -> None:
    if not (task := known_task(state, recorded, board_id)) or is_stale(task, recorded):
        return
    if task.status in ("todo", "done") or task.agent_id != (recorded.agent_id or ""):
        task = with_status(task, "assigned", recorded)
    state.put(replace(task, agent_id=recorded.agent_id or "", priority=text(recorded, "priority") or task.priority))
    set_agent(state, recorded, board_id, "working", task.task_id)


def task_started(state: State, recorded: Recorded, board_id: str) -> None:
    if not (task := known_task(state, recorded, board_id)) or is_stale(task, recorded):
        return
    move_on(state, recorded, board_id, task.task_id)
    state.put(replace(with_status(task, "in_progress", recorded), agent_id=recorded.agent_id or task.agent_id))
    set_agent(state, recorded, board_id, "working", task.task_id)


def task_progress(state: State, recorded: Recorded, board_id: str) -> None:
    """Progress moves a task on, unless it says itself that the task is blocked."""
    if not (task := known_task(state, recorded, board_id)) or is_stale(task, recorded):
        return
    stated = text(recorded, "status")
    if stated != "blocked":
        move_on(state, recorded, board_id, task.task_id)
        task = with_status(task, "done" if stated in DONE_WORDS else "in_progress", recorded)
    state.put(replace(task, agent_id=recorded.agent_id or task.agent_id, progress=percent(recorded, task)))
    set_agent(state, recorded, board_id, "idle" if task.status == "done" else "working", task.task_id)


def task_completed(state: State, recorded: Recorded, board_id: str) -> None:
    if not (task := known_task(state, recorded, board_id)):
        return
    move_on(state, recorded, board_id, task.task_id)
    task = with_status(task, "done", recorded)
    state.put(replace(task, agent_id=recorded.agent_id or task.agent_id, progress=100.0))
    set_agent(state, recorded, board_id, "idle", "")


def task_blocked(state: State, recorded: Recorded, board_id: str) -> None:
    if not (task := known_task(state, recorded, board_id)):
        return
    if task.status == "done" and is_stale(task, recorded):
        return
    blocker = blocker_from(recorded, board_id, task)
    if any(other.description == blocker.description for other in state.open_blockers(board_id, task.task_id)):
        return
    state.put(blocker)
    state.put(replace(with_status(task, "blocked", recorded), agent_id=blocker.agent_id))
    set_agent(state, recorded, board_id, "blocked", task.task_id)


def blocker_from(recorded: Recorded, board_id: str, task: Task) -> Blocker:
    severity = text(recorded, "severity").lower()
    severity = severity if severity in SEVERITIES else "medium"
    return Blocker(
        board_id=board_id,
        blocker_id=recorded.position,
        event_id=recorded.event.event_id,
        task_id=task.task_id,
        agent_id=recorded.agent_id or task.agent_id,
        description=text(recorded, "description") or text(recorded, "reason") or "No reason was given",
        severity=severity,
        reported_severity=severity,
        blocker_type=text(recorded, "blocker_type"),
        suggestion=None,
        opened_at=recorded.timestamp,
        resolved_at=None,
        resolution="",
    )


def blocker_suggestion(state: State, recorded: Recorded, board_id: str) -> None:
    suggestion = recorded.data.get("suggestion")
    if blocker := named_blocker(state, recorded, board_id):
        plain = {"text": suggestion} if isinstance(suggestion, str) else suggestion
        state.put(replace(blocker, suggestion=plain if isinstance(plain, dict) else None))


def blocker_updated(state: State, recorded: Recorded, board_id: str) -> None:
    severity = text(recorded, "severity").lower()
    if (blocker := named_blocker(state, recorded, board_id)) and severity in SEVERITIES:
        state.put(replace(blocker, severity=severity))


def blocker_resolved(state: State, recorded: Recorded, board_id: str) -> None:
    """Ends the blocker it names, or all of the task; the task goes on when none is left."""
    task = known_task(state, recorded, board_id)
    if not task:
        return
    named = named_blocker(state, recorded, board_id) if recorded.data.get("blocker_event_id") else None
    for blocker in [named] if named else state.open_blockers(board_id, task.task_id):
        end(state, recorded, blocker, text(recorded, "resolution") or "resolved")
    if task.status == "blocked" and not state.open_blockers(board_id, task.task_id):
        state.put(with_status(task, "in_progress" if task.agent_id else "todo", recorded))
        resume_agent(state, recorded, board_id, task)


def resume_agent(state: State, recorded: Recorded, board_id: str, task: Task) -> None:
    agent = state.agent(board_id, task.agent_id)
    if agent and agent.status == "blocked" and agent.task_id == task.task_id:
        state.put(replace(agent, status="working", status_since=recorded.timestamp))


def named_blocker(state: State, recorded: Recorded, board_id: str) -> Blocker | None:
    """The blocker whose event is named, else the newest of the task."""
    blockers = state.blockers_of(board_id, recorded.task_id or "")
    event_id = recorded.data.get("blocker_event_id")
    named = [blocker for blocker in blockers if blocker.event_id == event_id] if event_id else blockers
    return named[-1] if named else None


def move_on(state: State, recorded: Recorded, board_id: str, task_id: str) -> None:
    for blocker in state.open_blockers(board_id, task_id):
        if recorded.timestamp >= blocker.opened_at:
            end(state, recorded, blocker, "the task moved on")


def end(state: State, recorded: Recorded, blocker: Blocker, resolution: str) -> None:
    if blocker.resolved_at is None:
        resolved_at = max(recorded.timestamp, blocker.opened_at)
        state.put(replace(blocker, resolved_at=resolved_at, resolution=resolution))


def agent_registered(state: State, recorded: Recorded, board_id: str) -> None:
    if agent := state.agent(board_id, recorded.agent_id or ""):
        name, role = sentences.agent_name(recorded), text(recorded, "role") or agent.role
        state.put(replace(agent, name=name, role=role, skills=texts(recorded, "skills") or agent.skills))


def agent_status_changed(state: State, recorded: Recorded, board_id: str) -> None:
    agent, status = state.agent(board_id, recorded.agent_id or ""), text(recorded, "status")
    if agent and status and status != agent.status:
        state.put(replace(agent, status=status, status_since=recorded.timestamp))


def dependency_detected(state: State, recorded: Recorded, board_id: str) -> None:
    depends_on_id = text(recorded, "depends_on_id")
    if recorded.task_id and depends_on_id:
        state.put(Dependency(board_id, recorded.task_id, depends_on_id))


HANDLERS: dict[str, Callable[[State, Recorded, str], None]] = {
    T.TASK_CREATED: task_created,
    T.TASK_REQUESTED: task_requested,
    T.TASK_ASSIGNED: task_assigned,
    T.TASK_STARTED: task_started,
    T.TASK_PROGRESS: task_progress,
    T.TASK_COMPLETED: task_completed,
    T.TASK_BLOCKED: task_blocked,
    T.BLOCKER_SUGGESTION: blocker_suggestion,
    T.BLOCKER_UPDATED: blocker_updated,
    T.BLOCKER_RESOLVED: blocker_resolved,
    T.AGENT_REGISTERED: agent_registered,
    T.AGENT_SKILL_UPDATED: agent_registered,
    T.AGENT_STATUS_CHANGED: agent_status_changed,
    T.DEPENDENCY_DETECTED: dependency_detected,
}


def known_task(state: State, recorded: Recorded, board_id: str) -> Task | None:
    """The task of the event, made where it is new; None where the event names none."""
    if not recorded.task_id:
        return None
    name, now = sentences.field(recorded, "task_name"), recorded.timestamp
    task = state.task(board_id, recorded.task_id)
    if task is None:
        task = Task(board_id, recorded.task_id, name or recorded.task_id, "", "", [], "todo", now, "", 0.0, now)
        state.put(task)
    if name and (task.name == task.task_id or recorded.event_type == T.TASK_CREATED):
        task = replace(task, name=name)
        state.put(task)
    return task


def is_stale(task: Task, recorded: Recorded) -> bool:
    """Rule 3: stated before the task came to rest as blocked or done."""
    return task.status in ("blocked", "done") and recorded.timestamp < task.status_since


def with_status(task: Task, status: str, recorded: Recorded) -> Task:
    return task if task.status == status else replace(task, status=status, status_since=recorded.timestamp)


def set_agent(state: State, recorded: Recorded, board_id: str, status: str, task_id: str) -> None:
    agent = state.agent(board_id, recorded.agent_id or "")
    if not agent:
        return
    since = agent.status_since if agent.status == status else recorded.timestamp
    state.put(replace(agent, status=status, status_since=since, task_id=task_id if status != "idle" else ""))


def percent(recorded: Recorded, task: Task) -> float:
    value: Any = recorded.data.get("progress")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return max(0.0, min(100.0, float(value))) if is_number else task.progress


def text(recorded: Recorded, name: str) -> str:
    """A field of the data, whole; nothing for what is not text."""
    value = recorded.data.get(name)
    return value if isinstance(value, str) else ""


def texts(recorded: Recorded, name: str) -> list[str]:
    value = recorded.data.get(name)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
