"""Builds the event of an act from the fields of all its records and from the installation's boards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from marcus_events.core.event import Event
from marcus_events.core.event_types import EventTypes as T
from marcus_events.core.event_types import canonical
from marcus_events.core.reducers.tasks import DONE_WORDS
from marcus_events.sources.marcus.acts import REFUSED, MarcusAct
from marcus_events.sources.marcus.blocker_severity import is_redundant_update
from marcus_events.sources.marcus.board import Boards, MarcusProject, id_text
from marcus_events.sources.marcus.sightings import BY_AGENTS

MARCUS = "marcus"
REPORTS = {T.TASK_REQUESTED: "request for work", T.AGENT_REGISTERED: "registration", T.TASK_BLOCKED: "blocker report"}
NAMING_PROJECTS = {T.PROJECT_CREATED, T.PROJECT_UPDATED, T.PROJECT_COMPLETED, T.TASK_CREATED}


class Translator:
    """Converts acts to events. Remembers agents' names and counts events without a board by type."""

    def __init__(self, boards: Boards) -> None:
        self.boards = boards
        self.on_no_board: Counter[str] = Counter()
        self._agents: dict[str, str] = {}

    def events(self, acts: Iterable[MarcusAct]) -> Iterator[Event]:
        """Yield an event for each act that the log does not hold, in order, and set the act's `event_id`."""
        for act in acts:
            self._learn_agent(act)
            fields = merge_fields(act)
            board = self._board_of(act, fields)
            if board is None:
                self.on_no_board[event_type_of(act)] += 1
            if act.event_id is None:
                act.event_id = event_id_of(act)
                if not is_redundant_update(act):
                    yield self._event(act, fields, board)

    def _board_of(self, act: MarcusAct, fields: dict[str, Any]) -> MarcusProject | None:
        """Return the board of the act's own fields, completed by those of its cause."""
        return self.boards.of(merge_fields(act.cause) | fields if act.cause else fields)

    def _learn_agent(self, act: MarcusAct) -> None:
        if event_type_of(act) != T.AGENT_REGISTERED:
            return
        agent_id, name = act.preferred.data.get("agent_id"), act.preferred.data.get("name")
        if isinstance(agent_id, str) and isinstance(name, str):
            self._agents[agent_id] = name

    def board_id_of(self, act: MarcusAct) -> str | None:
        board = self._board_of(act, merge_fields(act))
        return board.board_id if board else None

    def _event(self, act: MarcusAct, fields: dict[str, Any], board: MarcusProject | None) -> Event:
        best = act.preferred
        data = self._data(act, fields, board)
        return Event(
            event_id=event_id_of(act),
            timestamp=best.at,
            event_type=event_type_of(act),
            source=source_of(act, data),
            data=data,
            metadata=self._metadata(act, data, board),
        )

    def _data(self, act: MarcusAct, data: dict[str, Any], board: MarcusProject | None) -> dict[str, Any]:
        name = self.boards.task_name(data.get("task_id"))
        if name and not data.get("task_name"):
            data["task_name"] = name
        if act.refusal:
            data |= {"report": describe_request(act.first.act, data), "reason": act.refusal.reason or None}
        if act.first.act not in NAMING_PROJECTS and not (board and board.board_id == id_text(data.get("project_id"))):
            data = {field: value for field, value in data.items() if field not in ("project_id", "project_name")}
        if board and act.first.act == T.PROJECT_CREATED and data.get("project_id") == board.board_id:
            data["project_name"] = board.name
        if act.cause:
            data["blocker_event_id"] = act.cause.event_id
            data.setdefault("task_id", act.cause.preferred.data.get("task_id"))
            data.setdefault("task_name", self.boards.task_name(data["task_id"]))
        return {field: value for field, value in data.items() if value is not None}

    def _metadata(self, act: MarcusAct, data: dict[str, Any], board: MarcusProject | None) -> dict[str, Any]:
        best = act.preferred
        said = {
            "board_id": board and board.board_id,
            "board_name": board and board.name,
            "agent_name": self._agents.get(str(data.get("agent_id"))),
            "original_type": best.original_type if canonical(best.original_type) != best.original_type else None,
            "original_source": best.original_source,
            "causation_id": act.cause and act.cause.event_id,
            "correlation_id": act.cause and act.cause.event_id,
            "act": act.mark,
        }
        return {name: value for name, value in said.items() if value}


def event_type_of(act: MarcusAct) -> str:
    return act.refusal.event_type if act.refusal else act.preferred.act


def event_id_of(act: MarcusAct) -> str:
    """Return the id of the act's preferred record, with a suffix for a refusal."""
    best = act.preferred.record_id
    return f"{best}{REFUSED}" if act.refusal else best


def describe_request(event_type: str, data: dict[str, Any]) -> str:
    """Name the kind of request that was refused, for people."""
    if event_type == T.TASK_PROGRESS:
        return "completion report" if data.get("status") in DONE_WORDS else "progress report"
    return REPORTS.get(event_type, "request")


def merge_fields(act: MarcusAct) -> dict[str, Any]:
    """Merge the fields of all records; the preferred record wins."""
    data: dict[str, Any] = {}
    for sighting in sorted(act.sightings, key=lambda sighting: sighting.kind):
        data |= {name: value for name, value in sighting.data.items() if data.get(name) is None}
    return data


def source_of(act: MarcusAct, data: dict[str, Any]) -> str:
    """Return the agent or Marcus as the source, the same whichever records have been read."""
    agent_id = data.get("agent_id")
    by_agent = not act.refusal and act.first.act in BY_AGENTS and isinstance(agent_id, str) and agent_id.strip()
    return str(agent_id) if by_agent else MARCUS
