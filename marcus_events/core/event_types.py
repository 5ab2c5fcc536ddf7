"""The words of the system: event types, what they are called elsewhere, their category and how much they matter.

The documented types are canonical. What Marcus really writes is mapped to them by `canonical`. Unknown types are
welcome as they are: category "other", importance "normal".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Category = Literal["task", "agent", "context", "system", "board", "audit", "other"]
Importance = Literal["high", "normal", "low", "noise"]

CATEGORIES: tuple[Category, ...] = ("task", "agent", "context", "system", "board", "audit", "other")


class EventTypes:
    """The event types that Marcus documents, and those that this project adds."""

    # Task
    TASK_CREATED = "task_created"
    TASK_REQUESTED = "task_requested"
    TASK_ASSIGNED = "task_assigned"
    TASK_STARTED = "task_started"
    TASK_PROGRESS = "task_progress"
    TASK_COMPLETED = "task_completed"
    TASK_UPDATED = "task_updated"
    TASK_BLOCKED = "task_blocked"
    TASK_REQUEST_REFUSED = "task_request_refused"
    REPORT_REFUSED = "report_refused"
    REPORT_UNANSWERED = "report_unanswered"
    BLOCKER_RESOLVED = "blocker_resolved"
    BLOCKER_SUGGESTION = "blocker_suggestion"
    BLOCKER_UPDATED = "blocker_updated"
    BLOCKER_ACKNOWLEDGED = "blocker_acknowledged"
    BLOCKER_ASSIGNED = "blocker_assigned"
    BLOCKER_SNOOZED = "blocker_snoozed"
    BLOCKER_ANSWERED = "blocker_answered"
    ANSWER_WITHDRAWN = "answer_withdrawn"
    ANSWER_FAILED = "answer_failed"
    ANSWER_AWAITED = "answer_awaited"
    ANSWER_SEEN = "answer_seen"

    # Agent
    AGENT_REGISTERED = "agent_registered"
    AGENT_STATUS_CHANGED = "agent_status_changed"
    AGENT_SKILL_UPDATED = "agent_skill_updated"
    AGENT_LEARNED = "agent_learned"

    # Project and board
    PROJECT_CREATED = "project_created"
    PROJECT_UPDATED = "project_updated"
    PROJECT_COMPLETED = "project_completed"
    PROJECT_STATE_REFRESHED = "project_state_refreshed"
    BOARD_REMOVED = "board_removed"
    KANBAN_CONNECTED = "kanban_connected"
    KANBAN_UPDATED = "kanban_updated"
    KANBAN_ERROR = "kanban_error"

    # System
    SYSTEM_STARTUP = "system_startup"
    SYSTEM_SHUTDOWN = "system_shutdown"
    FALLBACK_MODE = "fallback_mode"
    ERROR = "error"
    WARNING = "warning"

    # Context, decisions, memory
    CONTEXT_UPDATED = "context_updated"
    CONTEXT_REQUESTED = "context_requested"
    DEPENDENCY_DETECTED = "dependency_detected"
    IMPLEMENTATION_FOUND = "implementation_found"
    DECISION_LOGGED = "decision_logged"
    PATTERN_DETECTED = "pattern_detected"
    PLANNING_INTENT_FIDELITY = "planning_intent_fidelity"
    PREDICTION_MADE = "prediction_made"

    # What people did to the system itself
    USER_SIGNED_IN = "user_signed_in"
    USER_SIGNED_OUT = "user_signed_out"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGN_IN_LINK_MADE = "sign_in_link_made"
    TOKEN_CREATED = "token_created"  # noqa: S105 - no password
    TOKEN_REVOKED = "token_revoked"  # noqa: S105
    ROLE_CHANGED = "role_changed"
    BOARD_ACCESS_CHANGED = "board_access_changed"
    HISTORY_EXPORTED = "history_exported"
    EVENT_REDACTED = "event_redacted"
    SUBSCRIPTION_REPLAYED = "subscription_replayed"
    SUBSCRIPTION_SKIPPED = "subscription_skipped"
    RETENTION_CHANGED = "retention_changed"
    EVENTS_REMOVED = "events_removed"
    LOG_VERIFIED = "log_verified"
    CHAIN_BEGUN = "chain_begun"
    FOLDER_FOLLOWED = "folder_followed"
    FOLDER_UNFOLLOWED = "folder_unfollowed"


@dataclass(frozen=True)
class Meaning:
    """What a type is to a person: `title` names it in lists, `phrase` makes a sentence of an event.

    A phrase names what it needs in braces: {agent}, {task}, {board}, {on} (what a task depends on), {by} (who did it),
    or a field of the event's data. A part in square brackets is left out when a field in it is missing.
    """

    category: Category
    title: str
    phrase: str
    importance: Importance = "normal"


T = EventTypes
HANDLING = (  # what people do about a blocker, and what becomes of their answers
    T.BLOCKER_ACKNOWLEDGED,
    T.BLOCKER_ASSIGNED,
    T.BLOCKER_SNOOZED,
    T.BLOCKER_ANSWERED,
    T.ANSWER_WITHDRAWN,
    T.ANSWER_FAILED,
    T.ANSWER_AWAITED,
    T.ANSWER_SEEN,
)
MEANINGS: dict[str, Meaning] = {
    T.TASK_CREATED: Meaning("task", "Task created", "{task} was added to the board", "low"),
    T.TASK_REQUESTED: Meaning("task", "Task requested", "{agent} asks for work", "noise"),
    T.TASK_ASSIGNED: Meaning("task", "Task assigned", "{agent} was given {task}"),
    T.TASK_STARTED: Meaning("task", "Task started", "{agent} started {task}"),
    T.TASK_PROGRESS: Meaning("task", "Progress", "{agent} is at {progress} % of {task}[: {message}]"),
    T.TASK_COMPLETED: Meaning("task", "Task completed", "{agent} finished {task}", "high"),
    T.TASK_UPDATED: Meaning("task", "Task updated", "{task} was updated[: {reason}]"),
    T.TASK_BLOCKED: Meaning("task", "Task blocked", "{agent} is blocked on {task}[: {description}]", "high"),
    T.TASK_REQUEST_REFUSED: Meaning(
        "task", "Request refused", "Marcus refused {agent} another task[: {reason}]", "noise"
    ),
    T.REPORT_REFUSED: Meaning("task", "Report refused", "Marcus refused {agent}'s {report}[ on {task}][: {reason}]"),
    T.REPORT_UNANSWERED: Meaning(
        "task", "Report unanswered", "Marcus did not answer {agent}'s {report}[ on {task}][: {reason}]"
    ),
    T.BLOCKER_RESOLVED: Meaning("task", "Blocker resolved", "{task} is no longer blocked[: {resolution}]", "high"),
    T.BLOCKER_SUGGESTION: Meaning("task", "Suggestion", "Marcus suggests a way on for {task}"),
    T.BLOCKER_UPDATED: Meaning(
        "task",
        "Blocker updated",
        "The blocker of {task} counts as {severity}[, reported as {reported_severity}]",
        "low",
    ),
    T.BLOCKER_ACKNOWLEDGED: Meaning("task", "Blocker acknowledged", "{by} looks after the blocker of {task}"),
    T.BLOCKER_ASSIGNED: Meaning("task", "Blocker assigned", "{by} gave the blocker of {task}[ to {assignee}]"),
    T.BLOCKER_SNOOZED: Meaning("task", "Blocker put off", "{by} put off the blocker of {task}[ until {until}]", "low"),
    T.BLOCKER_ANSWERED: Meaning("task", "Blocker answered", "{by} answers {task}[: {answer}]", "high"),
    T.ANSWER_WITHDRAWN: Meaning("task", "Answer withdrawn", "{by} took back the answer to {task}"),
    T.ANSWER_FAILED: Meaning(
        "task", "Answer not delivered", "The answer to {task} could not be delivered[: {reason}]", "high"
    ),
    T.ANSWER_AWAITED: Meaning("task", "Answer awaited", "An answer to {task} is awaited", "noise"),
    T.ANSWER_SEEN: Meaning("task", "Answer seen", "The answer to {task} was handed over", "low"),
    T.AGENT_REGISTERED: Meaning("agent", "Agent registered", "{agent} joined[ as {role}]"),
    T.AGENT_STATUS_CHANGED: Meaning("agent", "Agent status", "{agent} is now {status}"),
    T.AGENT_SKILL_UPDATED: Meaning("agent", "Skills updated", "{agent} has new skills", "low"),
    T.AGENT_LEARNED: Meaning("agent", "Agent learned", "{agent} learned from {task}", "low"),
    T.PROJECT_CREATED: Meaning("board", "Project created", "{board} was created[ with {task_count} tasks]", "high"),
    T.PROJECT_UPDATED: Meaning("board", "Project updated", "{board} was updated"),
    T.PROJECT_COMPLETED: Meaning("board", "Project completed", "{board} is complete", "high"),
    T.PROJECT_STATE_REFRESHED: Meaning("board", "State refreshed", "Marcus looked at {board} again", "noise"),
    T.BOARD_REMOVED: Meaning("board", "Board removed", "{board} was removed from view"),
    T.KANBAN_CONNECTED: Meaning("board", "Kanban connected", "Marcus connected to its kanban board"),
    T.KANBAN_UPDATED: Meaning("board", "Kanban updated", "The kanban board was updated", "low"),
    T.KANBAN_ERROR: Meaning("board", "Kanban error", "The kanban board failed[: {error}]", "high"),
    T.SYSTEM_STARTUP: Meaning("system", "Marcus started", "Marcus started"),
    T.SYSTEM_SHUTDOWN: Meaning("system", "Marcus stopped", "Marcus stopped"),
    T.FALLBACK_MODE: Meaning("system", "Fallback mode", "Marcus works in fallback mode[: {reason}]", "high"),
    T.ERROR: Meaning("system", "Error", "An error occurred[: {message}]", "high"),
    T.WARNING: Meaning("system", "Warning", "Warning[: {message}]"),
    T.CONTEXT_UPDATED: Meaning("context", "Context updated", "The context of {task} was updated", "low"),
    T.CONTEXT_REQUESTED: Meaning("context", "Context requested", "The context of {task} was asked for", "noise"),
    T.DEPENDENCY_DETECTED: Meaning("context", "Dependency", "{task} depends on {on}", "low"),
    T.IMPLEMENTATION_FOUND: Meaning("context", "Implementation found", "An implementation for {task} was found", "low"),
    T.DECISION_LOGGED: Meaning("context", "Decision", "{agent} decided on {task}[: {what}][, because {why}]"),
    T.PATTERN_DETECTED: Meaning("context", "Pattern detected", "A pattern was found[: {pattern}]", "low"),
    T.PLANNING_INTENT_FIDELITY: Meaning(
        "context", "Planning fidelity", "The plan of {board} was compared with its intent", "low"
    ),
    T.PREDICTION_MADE: Meaning("context", "Prediction", "Marcus made a prediction for {task}", "low"),
    # Importance: they stand on a page of their own, and do not run through the stream until asked for.
    T.USER_SIGNED_IN: Meaning("audit", "Signed in", "{by} signed in[ from {address}]", "noise"),
    T.USER_SIGNED_OUT: Meaning("audit", "Signed out", "{by} signed out", "noise"),
    T.SIGN_IN_FAILED: Meaning("audit", "Sign-in failed", "{by} failed to sign in[ from {address}][, {times}]", "noise"),
    T.SIGN_IN_LINK_MADE: Meaning("audit", "Sign-in link made", "{by} made a sign-in link for {user}", "noise"),
    T.TOKEN_CREATED: Meaning("audit", "Token created", "{by} made the token {token}[ to {may}]", "noise"),
    T.TOKEN_REVOKED: Meaning("audit", "Token revoked", "{by} revoked the token {token}", "noise"),
    T.ROLE_CHANGED: Meaning("audit", "Role changed", "{by} changed {user}[: {change}]", "noise"),
    T.BOARD_ACCESS_CHANGED: Meaning("audit", "Board access", "{by} changed who sees a board[: {change}]", "noise"),
    T.HISTORY_EXPORTED: Meaning(
        "audit", "History exported", "{by} exported {events} events[, not all: {reason}]", "noise"
    ),
    T.EVENT_REDACTED: Meaning("audit", "Event redacted", "{by} redacted event {position}[: {reason}]", "normal"),
    T.SUBSCRIPTION_REPLAYED: Meaning(
        "audit", "Replayed", "{by} let {subscription} try again[ what it parked at {position}]", "noise"
    ),
    T.SUBSCRIPTION_SKIPPED: Meaning("audit", "Skipped", "{by} let {subscription} skip[ event {position}]", "noise"),
    T.RETENTION_CHANGED: Meaning(
        "audit", "Retention changed", "{by} changed how long events are kept[: {policy}]", "noise"
    ),
    T.EVENTS_REMOVED: Meaning("audit", "Events removed", "{by} removed {count} old events", "noise"),
    T.LOG_VERIFIED: Meaning("audit", "Log verified", "{by} verified the log: {verdict}", "noise"),
    T.CHAIN_BEGUN: Meaning("audit", "Hash chain begun", "A new hash chain over the log begins at {position}", "normal"),
    T.FOLDER_FOLLOWED: Meaning("audit", "Folder followed", "{by} set the server to follow {path}", "noise"),
    T.FOLDER_UNFOLLOWED: Meaning("audit", "Folder no longer followed", "{by} stopped following {path}", "noise"),
}

# The words for what a board says of a task, where nobody is known to have done it.
KNOWN_FROM_BOARD: dict[str, str] = {
    T.TASK_COMPLETED: "{task} was completed[: {reason}]",
    T.TASK_BLOCKED: "{task} is blocked[: {reason}]",
}

ALIASES: dict[str, str] = {
    "server_startup": T.SYSTEM_STARTUP,
    "server_shutdown": T.SYSTEM_SHUTDOWN,
    "task_request": T.TASK_REQUESTED,
    "task_assignment": T.TASK_ASSIGNED,
    "progress_update": T.TASK_PROGRESS,
    "worker_registration": T.AGENT_REGISTERED,
    "blocker_reported": T.TASK_BLOCKED,
}


def canonical(event_type: str) -> str:
    """The documented name of what a producer calls `event_type`; an unknown name is its own."""
    return ALIASES.get(event_type, event_type)


def meaning_of(event_type: str) -> Meaning:
    """What a type means; an unknown type is titled by its own words."""
    return MEANINGS.get(event_type) or Meaning("other", title_from(event_type), title_from(event_type))


def category_of(event_type: str) -> Category:
    return meaning_of(event_type).category


def types_of(category: str) -> list[str]:
    """The known types of a category; none for "other", which holds every unknown type."""
    return [name for name, meaning in MEANINGS.items() if meaning.category == category]


def title_from(event_type: str) -> str:
    """Words from a name: "nightly_backup" becomes "Nightly backup"; braces and brackets cannot make a phrase."""
    words = event_type.replace("_", " ").translate(str.maketrans("", "", "{}[]")).strip()
    return words[:1].upper() + words[1:] or "Event"
