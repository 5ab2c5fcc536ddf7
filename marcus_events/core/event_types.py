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
    STANDING_REPLY_SAVED = "standing_reply_saved"
    STANDING_REPLY_STARTED = "standing_reply_started"
    STANDING_REPLY_STOPPED = "standing_reply_stopped"

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
    ACCOUNT_CHANGED = "account_changed"
    SESSIONS_ENDED = "sessions_ended"
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
    WEBHOOK_CREATED = "webhook_created"
    WEBHOOK_TURNED_OFF = "webhook_turned_off"
    WEBHOOK_TURNED_ON = "webhook_turned_on"
    WEBHOOK_SECRET_RENEWED = "webhook_secret_renewed"  # noqa: S105
    WEBHOOK_DELETED = "webhook_deleted"


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
    T.STANDING_REPLY_SAVED,
    T.STANDING_REPLY_STARTED,
    T.STANDING_REPLY_STOPPED,
)
MEANINGS: dict[str, Meaning] = {
    T.TASK_CREATED: Meaning("task", "Task created", "{task} was added to the board", "low"),
    T.TASK_REQUESTED: Meaning("task", "Task requested", "{agent} asked for work", "noise"),
    T.TASK_ASSIGNED: Meaning("task", "Task assigned", "{task} was assigned to {agent}"),
    T.TASK_STARTED: Meaning("task", "Task started", "{agent} started {task}"),
    T.TASK_PROGRESS: Meaning("task", "Progress", "{agent} is at {progress}% on {task}[: {message}]"),
    T.TASK_COMPLETED: Meaning("task", "Task completed", "{agent} finished {task}", "high"),
    T.TASK_UPDATED: Meaning("task", "Task updated", "{task} was updated[: {reason}]"),
    T.TASK_BLOCKED: Meaning("task", "Task blocked", "{agent} is blocked on {task}[: {description}]", "high"),
    T.TASK_REQUEST_REFUSED: Meaning(
        "task", "Work request rejected", "Marcus rejected {agent}'s request for work[: {reason}]", "noise"
    ),
    T.REPORT_REFUSED: Meaning("task", "Report rejected", "Marcus rejected {agent}'s {report}[ on {task}][: {reason}]"),
    T.REPORT_UNANSWERED: Meaning(
        "task", "Report unanswered", "Marcus did not answer {agent}'s {report}[ on {task}][: {reason}]"
    ),
    T.BLOCKER_RESOLVED: Meaning("task", "Blocker resolved", "{task} is no longer blocked[: {resolution}]", "high"),
    T.BLOCKER_SUGGESTION: Meaning("task", "Suggestion", "Marcus suggested next steps for {task}"),
    T.BLOCKER_UPDATED: Meaning(
        "task",
        "Blocker updated",
        "The blocker on {task} is rated {severity}[, reported as {reported_severity}]",
        "low",
    ),
    T.BLOCKER_ACKNOWLEDGED: Meaning("task", "Blocker acknowledged", "{by} acknowledged the blocker on {task}"),
    T.BLOCKER_ASSIGNED: Meaning("task", "Blocker assigned", "{by} assigned the blocker on {task}[ to {assignee}]"),
    T.BLOCKER_SNOOZED: Meaning("task", "Blocker snoozed", "{by} snoozed the blocker on {task}[ until {until}]", "low"),
    T.BLOCKER_ANSWERED: Meaning("task", "Blocker reply", "{by} replied to the blocker on {task}[: {answer}]", "high"),
    T.ANSWER_WITHDRAWN: Meaning("task", "Reply withdrawn", "{by} withdrew the reply on {task}"),
    T.ANSWER_FAILED: Meaning(
        "task", "Reply not delivered", "The reply on {task} could not be delivered[: {reason}]", "high"
    ),
    T.ANSWER_AWAITED: Meaning("task", "Waiting for reply", "An agent is waiting for a reply on {task}", "noise"),
    T.ANSWER_SEEN: Meaning("task", "Reply received", "The reply on {task} was received", "low"),
    T.STANDING_REPLY_SAVED: Meaning(
        "task", "Standing reply saved", "{by} saved the reply on {task} as a standing reply", "low"
    ),
    T.STANDING_REPLY_STARTED: Meaning(
        "task",
        "Standing reply turned on",
        "{by} turned on the standing reply saved on {task}; it ends {until}[, limit {max_uses}]",
    ),
    T.STANDING_REPLY_STOPPED: Meaning(
        "task", "Standing reply turned off", "{by} {change} the standing reply saved on {task}"
    ),
    T.AGENT_REGISTERED: Meaning("agent", "Agent registered", "{agent} joined[ as {role}]"),
    T.AGENT_STATUS_CHANGED: Meaning("agent", "Agent status", "{agent} is now {status}"),
    T.AGENT_SKILL_UPDATED: Meaning("agent", "Skills updated", "{agent} has new skills", "low"),
    T.AGENT_LEARNED: Meaning("agent", "Agent learned", "{agent} learned from {task}", "low"),
    T.PROJECT_CREATED: Meaning("board", "Project created", "{board} was created[ with {task_count} tasks]", "high"),
    T.PROJECT_UPDATED: Meaning("board", "Project updated", "{board} was updated"),
    T.PROJECT_COMPLETED: Meaning("board", "Project completed", "{board} is complete", "high"),
    T.PROJECT_STATE_REFRESHED: Meaning("board", "State refreshed", "Marcus refreshed {board}", "noise"),
    T.BOARD_REMOVED: Meaning("board", "Board removed", "{board} was removed from view"),
    T.KANBAN_CONNECTED: Meaning("board", "Kanban connected", "Marcus connected to its kanban board"),
    T.KANBAN_UPDATED: Meaning("board", "Kanban updated", "The kanban board was updated", "low"),
    T.KANBAN_ERROR: Meaning("board", "Kanban error", "The kanban board reported an error[: {error}]", "high"),
    T.SYSTEM_STARTUP: Meaning("system", "Marcus started", "Marcus started"),
    T.SYSTEM_SHUTDOWN: Meaning("system", "Marcus stopped", "Marcus stopped"),
    T.FALLBACK_MODE: Meaning("system", "Fallback mode", "Marcus is in fallback mode[: {reason}]", "high"),
    T.ERROR: Meaning("system", "Error", "An error occurred[: {message}]", "high"),
    T.WARNING: Meaning("system", "Warning", "Warning[: {message}]"),
    T.CONTEXT_UPDATED: Meaning("context", "Context updated", "Context for {task} was updated", "low"),
    T.CONTEXT_REQUESTED: Meaning("context", "Context requested", "Context for {task} was requested", "noise"),
    T.DEPENDENCY_DETECTED: Meaning("context", "Dependency", "{task} depends on {on}", "low"),
    T.IMPLEMENTATION_FOUND: Meaning("context", "Implementation found", "Implementation found for {task}", "low"),
    T.DECISION_LOGGED: Meaning("context", "Decision", "{agent} decided on {task}[: {what}][, because {why}]"),
    T.PATTERN_DETECTED: Meaning("context", "Pattern detected", "Pattern detected[: {pattern}]", "low"),
    T.PLANNING_INTENT_FIDELITY: Meaning(
        "context", "Planning fidelity", "The plan for {board} was compared with its intent", "low"
    ),
    T.PREDICTION_MADE: Meaning("context", "Prediction", "Marcus made a prediction for {task}", "low"),
    # Importance: they stand on a page of their own, and do not run through the stream until asked for.
    T.USER_SIGNED_IN: Meaning("audit", "Signed in", "{by} signed in[ from {address}]", "noise"),
    T.USER_SIGNED_OUT: Meaning("audit", "Signed out", "{by} signed out", "noise"),
    T.SIGN_IN_FAILED: Meaning("audit", "Sign-in failed", "{by} failed to sign in[ from {address}][, {times}]", "noise"),
    T.SIGN_IN_LINK_MADE: Meaning("audit", "Sign-in link created", "{by} created a sign-in link for {user}", "noise"),
    T.TOKEN_CREATED: Meaning(
        "audit", "Token created", "{by} created the token {token}[ with permissions: {may}]", "noise"
    ),
    T.TOKEN_REVOKED: Meaning("audit", "Token revoked", "{by} revoked the token {token}", "noise"),
    T.ROLE_CHANGED: Meaning(
        "audit", "Role changed", "{by} changed {user}[: {change}][: {state}][: role {role}][, was {before}]", "noise"
    ),
    T.BOARD_ACCESS_CHANGED: Meaning(
        "audit", "Board access", "{by} changed board access[ for {user}][ for group {group}][: {change}]", "noise"
    ),
    T.ACCOUNT_CHANGED: Meaning("audit", "Account changed", "{by} changed the account of {user}: {change}", "noise"),
    T.SESSIONS_ENDED: Meaning("audit", "Sessions ended", "{by} signed out {sessions}", "noise"),
    T.HISTORY_EXPORTED: Meaning(
        "audit", "History exported", "{by} exported {events} events[, incomplete: {reason}]", "noise"
    ),
    T.EVENT_REDACTED: Meaning("audit", "Event redacted", "{by} redacted event {position}[: {reason}]", "normal"),
    T.SUBSCRIPTION_REPLAYED: Meaning(
        "audit", "Events replayed", "{by} replayed parked events of {subscription}[, position {position}]", "noise"
    ),
    T.SUBSCRIPTION_SKIPPED: Meaning(
        "audit", "Events skipped", "{by} skipped parked events of {subscription}[, position {position}]", "noise"
    ),
    T.RETENTION_CHANGED: Meaning("audit", "Retention changed", "{by} changed a retention policy[: {policy}]", "noise"),
    T.EVENTS_REMOVED: Meaning("audit", "Events removed", "{by} removed {count} old events", "noise"),
    T.LOG_VERIFIED: Meaning("audit", "Log verified", "{by} verified the log: {verdict}", "noise"),
    T.CHAIN_BEGUN: Meaning("audit", "Hash chain started", "A new hash chain starts at position {position}", "normal"),
    T.FOLDER_FOLLOWED: Meaning("audit", "Folder followed", "{by} started following {path}", "noise"),
    T.FOLDER_UNFOLLOWED: Meaning("audit", "Folder unfollowed", "{by} stopped following {path}", "noise"),
    T.WEBHOOK_CREATED: Meaning("audit", "Webhook created", "{by} created the webhook {webhook}", "noise"),
    T.WEBHOOK_TURNED_OFF: Meaning(
        "audit", "Webhook turned off", "{by} turned off the webhook {webhook}[: {reason}]", "noise"
    ),
    T.WEBHOOK_TURNED_ON: Meaning("audit", "Webhook turned on", "{by} turned on the webhook {webhook}", "noise"),
    T.WEBHOOK_SECRET_RENEWED: Meaning(
        "audit", "Webhook secret renewed", "{by} renewed the secret of the webhook {webhook}", "noise"
    ),
    T.WEBHOOK_DELETED: Meaning("audit", "Webhook deleted", "{by} deleted the webhook {webhook}", "noise"),
}

# The words for what a board says of a task, where nobody is known to have done it.
KNOWN_FROM_BOARD: dict[str, str] = {
    T.TASK_COMPLETED: "{task} was completed[: {reason}]",
    T.TASK_BLOCKED: "{task} is blocked[: {reason}]",
}

# The words for a reply that nobody wrote for this blocker.
BY_STANDING_REPLY = "A standing reply by {by} replied to the blocker on {task}[: {answer}]"

# The words for what the system did by itself.
BY_SYSTEM: dict[str, str] = {
    T.ANSWER_WITHDRAWN: "The reply on {task} was withdrawn[: {reason}]",
    T.STANDING_REPLY_STOPPED: "The standing reply saved on {task} was turned off[: {reason}]",
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
    meaning = MEANINGS.get(event_type)
    return meaning.category if meaning else "other"


def types_of(category: str) -> list[str]:
    """The known types of a category; none for "other", which holds every unknown type."""
    return [name for name, meaning in MEANINGS.items() if meaning.category == category]


def title_from(event_type: str) -> str:
    """Words from a name: "nightly_backup" becomes "Nightly backup"; braces and brackets cannot make a phrase."""
    words = event_type.replace("_", " ").translate(str.maketrans("", "", "{}[]")).strip()
    return words[:1].upper() + words[1:] or "Event"
