"""What agents decided, found, built and learned on a board, by task or by subject, and which tasks relied on it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dashboard.queries import current_state
from dashboard.queries.current_state import TaskKey
from dashboard.queries.labels import named
from dashboard.visibility import Scope
from marcus_events import search
from marcus_events.access import linked_tasks
from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_types import EventTypes as T
from marcus_events.core.filters import EventFilter, InvalidFilter
from marcus_events.core.redaction_marker import is_redacted
from marcus_events.core.sentences import as_text, field, sentence
from marcus_events.log import read
from marcus_events.search.masking import ANOTHER

PAGE = 50  # entries
MAX_RELIED = 6  # named tasks that relied on one
MAX_REQUESTS = 500  # for context, that are read
ARTIFACT = "artifact"
# By name in the URL: the title, what one entry is called, and the event types.
SUBJECTS = {
    "decision": ("Decisions", "Decision", (T.DECISION_LOGGED,)),
    "implementation": ("Implementations", "Implementation", (T.IMPLEMENTATION_FOUND,)),
    ARTIFACT: ("Artifacts", "Artifact", ("artifact_*",)),
    "pattern": ("Patterns", "Pattern", (T.PATTERN_DETECTED,)),
    "context": ("Context", "Context", (T.CONTEXT_UPDATED,)),
    "lesson": ("Lessons", "Lesson", (T.AGENT_LEARNED,)),
}
STATEMENTS = ("what", "artifact", "pattern", "lesson", "learned", "summary", "description", "implementation", "title")
REASONS = ("why", "impact", "details", "path")  # more of what an event says


@dataclass(frozen=True)
class Reliance:
    """A task that depends on another one; `asked`: an agent requested its context, which includes what is known of
    the other task.
    """

    name: str
    board_id: str
    task_id: str
    asked: bool


@dataclass(frozen=True)
class KnowledgeEntry:
    event: RecordedEvent
    subject: str
    statement: str
    reasons: list[str]

    @property
    def title(self) -> str:
        return SUBJECTS[self.subject][1]


@dataclass(frozen=True)
class KnowledgeGroup:
    """The entries about one task, or of one subject. `task_id` is "" for others."""

    title: str
    task_id: str
    entries: list[KnowledgeEntry]
    required_by: list[Reliance]
    more: int = 0  # tasks that depend on it and are not named

    @property
    def asked(self) -> list[Reliance]:
        return [item for item in self.required_by if item.asked]

    @property
    def others(self) -> list[Reliance]:
        return [item for item in self.required_by if not item.asked]


@dataclass(frozen=True)
class Knowledge:
    """`older` is the position before which there is more, or 0. `error` says why the search text is not valid."""

    groups: list[KnowledgeGroup]
    number: int
    older: int = 0
    error: str = ""


def knowledge(scope: Scope, text: str = "", subject: str = "", group: str = "", before: str = "") -> Knowledge:
    """Return the newest entries of the chosen board. Raises QueryTimeout."""
    chosen = [subject] if subject in SUBJECTS else list(SUBJECTS)
    types = [name for key in chosen for name in SUBJECTS[key][2]]
    try:
        wanted = EventFilter.parse(text)
    except InvalidFilter as error:
        return Knowledge([], 0, error=str(error))
    wanted = scope.visibility.narrow(wanted.with_term("board_id", scope.board).with_term("type", *types))
    found = search.page(wanted, limit=PAGE, before=int(before) if before.isdecimal() and len(before) < 19 else None)
    entries = [entry(event) for event in named(found.events)]
    groups = by_subject(entries) if group == "subject" else by_task(entries, scope)
    return Knowledge(groups, len(entries), found.events[-1].position if found.has_more else 0)


def entry(event: RecordedEvent) -> KnowledgeEntry:
    """Return what an event says, in its own words where it has any."""
    subject = next((name for name, (_, _, types) in SUBJECTS.items() if event.event_type in types), ARTIFACT)
    said = "" if is_redacted(event.data) else next((text for name in STATEMENTS if (text := field(event, name))), "")
    reasons = [text for name in REASONS if (text := field(event, name))] if said else []
    return KnowledgeEntry(event, subject, said or as_text(sentence(event)), reasons)


def by_subject(entries: list[KnowledgeEntry]) -> list[KnowledgeGroup]:
    groups = {title: [item for item in entries if item.subject == name] for name, (title, _, _) in SUBJECTS.items()}
    return [KnowledgeGroup(title, "", found, []) for title, found in groups.items() if found]


def by_task(entries: list[KnowledgeEntry], scope: Scope) -> list[KnowledgeGroup]:
    """Return the entries by task, the task with the newest entry first; those about none at the end."""
    found: dict[str, list[KnowledgeEntry]] = {}
    for item in entries:
        found.setdefault(item.event.task_id or "", []).append(item)
    about_none = found.pop("", [])
    names = current_state.names([], tasks=[(scope.board, task_id) for task_id in found])
    relied = relied_on(scope, list(found))
    groups = []
    for task_id, items in found.items():
        tasks = relied.get(task_id, [])
        group = KnowledgeGroup(names.task(scope.board, task_id), task_id, items, tasks[:MAX_RELIED])
        groups.append(replace(group, more=max(len(tasks) - MAX_RELIED, 0)))
    return [*groups, KnowledgeGroup("The board", "", about_none, [])] if about_none else groups


def relied_on(scope: Scope, task_ids: list[str]) -> dict[str, list[Reliance]]:
    """Return the tasks that depend directly on each of these, those that asked for their context first."""
    own = {(scope.board, task_id) for task_id in task_ids}
    pairs = [(task, on) for task, on in linked_tasks.neighbours_of(own, scope.visibility).pairs if on in own]
    dependents = {task for task, _ in pairs}
    asked = asked_for_context(scope, dependents)
    known = current_state.keyed("task", dependents)
    found: dict[str, list[Reliance]] = {}
    for task, (_, on) in pairs:
        is_hidden = linked_tasks.is_hidden(task)
        name = ANOTHER if is_hidden else known.get(task, task[1])
        board_id, task_id = ("", "") if is_hidden else task
        found.setdefault(on, []).append(Reliance(name, board_id, task_id, task in asked))
    return {on: sorted(tasks, key=lambda item: not item.asked) for on, tasks in found.items()}


def asked_for_context(scope: Scope, tasks: set[TaskKey]) -> set[TaskKey]:
    ids = sorted({task_id for board_id, task_id in tasks if board_id == scope.board})[:MAX_REQUESTS]
    if not ids:
        return set()
    wanted = EventFilter().with_term("type", T.CONTEXT_REQUESTED).with_term("board_id", scope.board)
    events = read.events(scope.visibility.narrow(wanted.with_term("task", *ids)), limit=MAX_REQUESTS, hide_removed=True)
    return {(event.board_id or "", event.task_id or "") for event in events}
