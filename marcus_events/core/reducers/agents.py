"""Agents: their names, skills, status and tasks."""

from __future__ import annotations

from dataclasses import replace

from marcus_events.core.event import RecordedEvent
from marcus_events.core.reducers.field_readers import text, texts
from marcus_events.core.sentences import agent_name, agent_words, stated_agent_name
from marcus_events.core.state import AgentState, State, TaskState

AGENT_STATUS_BY_TASK = {"blocked": "blocked"}  # an agent's status by its task's; "working" otherwise


def ensure_agent(state: State, recorded: RecordedEvent, board_id: str) -> None:
    """Create the agent on its first event; its name may come later."""
    if not (agent_id := recorded.agent_id):
        return
    agent = state.agent(board_id, agent_id)
    if agent is None:
        state.put(AgentState(board_id, agent_id, agent_name(recorded), "", [], "idle", recorded.happened_at, ""))
    elif (stated := stated_agent_name(recorded)) and stated != agent.name == agent_words(agent_id):
        state.put(replace(agent, name=stated))


def agent_registered(state: State, recorded: RecordedEvent, board_id: str) -> None:
    if agent := state.agent(board_id, recorded.agent_id or ""):
        name, role = stated_agent_name(recorded) or agent.name, text(recorded, "role") or agent.role
        state.put(replace(agent, name=name, role=role, skills=texts(recorded, "skills") or agent.skills))


def agent_status_changed(state: State, recorded: RecordedEvent, board_id: str) -> None:
    agent, status = state.agent(board_id, recorded.agent_id or ""), text(recorded, "status")
    if agent and status:
        set_status(state, recorded, agent, status, agent.task_id)


def task_requested(state: State, recorded: RecordedEvent, board_id: str) -> None:
    if agent := state.agent(board_id, recorded.agent_id or ""):
        set_status(state, recorded, agent, "waiting", "")


def follow_task(state: State, recorded: RecordedEvent, before: TaskState, task: TaskState) -> None:
    """Update the task's agent and its former agent (rule 6)."""
    if before.agent_id != task.agent_id:
        release(state, recorded, before)
    if task.status == "done":
        release(state, recorded, task)
    elif agent := state.agent(task.board_id, task.agent_id):
        set_status(state, recorded, agent, AGENT_STATUS_BY_TASK.get(task.status, "working"), task.task_id)
        stop_waiting(state, recorded, agent)


def stop_waiting(state: State, recorded: RecordedEvent, agent: AgentState) -> None:
    """End the waiting of an agent that asked for work without naming a board (rule 6)."""
    elsewhere = state.agent("", agent.agent_id)
    if agent.board_id and elsewhere and elsewhere.status == "waiting":
        set_status(state, recorded, elsewhere, "idle", "")


def release(state: State, recorded: RecordedEvent, task: TaskState) -> None:
    agent = state.agent(task.board_id, task.agent_id)
    if agent and agent.task_id == task.task_id:
        set_status(state, recorded, agent, "idle", "")


def set_status(state: State, recorded: RecordedEvent, agent: AgentState, status: str, task_id: str) -> None:
    if (agent.status, agent.task_id) == (status, task_id):
        return
    since = agent.status_since if agent.status == status else recorded.happened_at
    state.put(replace(agent, status=status, status_since=since, task_id=task_id))
