"""One blocker with everything that helps to answer it: earlier attempts, suggestions and similar cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from dashboard.pages.blocked import standing_list
from dashboard.pages.blocked.standing_list import FieldChoice, StandingSummary
from dashboard.queries import blockers, current_state
from dashboard.queries.labels import named
from dashboard.visibility import ON_BOARDS, Scope, Visibility
from marcus_events import models
from marcus_events.access import linked_tasks
from marcus_events.blockers.reply_options import ReplyOption, proposed_by
from marcus_events.core.event import RecordedEvent, utc_now
from marcus_events.core.event_fields import text_in
from marcus_events.core.filters import EventFilter
from marcus_events.core.sentences import as_text, sentence
from marcus_events.log import read
from marcus_events.log.agent_activity import signs
from marcus_events.log.board_removals import last_removals
from marcus_events.log.rows import rows

MAX_TRIED = 5
MAX_ALIKE = 3
MAX_RANKED = 100  # that are compared word by word
MAX_OTHERS = 100  # per cause; the limit of one action
MAX_THREAD = 50
MAX_NAMED = 20  # named tasks that wait behind it
THREAD_TYPES = (
    *("task_blocked", "blocker_suggestion", "blocker_updated", "blocker_acknowledged", "blocker_assigned"),
    *("blocker_snoozed", "blocker_answered", "answer_withdrawn", "answer_failed", "blocker_resolved", "answer_seen"),
    *("standing_reply_saved", "standing_reply_started", "standing_reply_stopped"),
)
# Finds similar descriptions: those that share at least half of the words, of the best ranked ones. One shared word
# ("new", "data") makes nothing similar.
ALIKE = f"""
WITH wanted AS (
    SELECT array_agg(word) AS lexemes, to_tsquery('simple', string_agg(quote_literal(word), ' | ')) AS words
    FROM unnest(tsvector_to_array(to_tsvector('english', %(text)s))) AS word
), ranked AS (
    SELECT blocker_id, resolved_at, lexemes, to_tsvector('english', description) AS found,
        ts_rank(to_tsvector('english', description), words) AS rank
    FROM blocker, wanted
    WHERE to_position IS NULL AND resolved_at IS NOT NULL AND answer_id <> '' AND blocker_id <> %(blocker_id)s
        AND to_tsvector('english', description) @@ words AND {ON_BOARDS}
    ORDER BY rank DESC, resolved_at DESC
    LIMIT %(ranked)s
)
SELECT blocker_id FROM ranked
WHERE 2 * (
    SELECT count(*) FROM unnest(tsvector_to_array(found)) AS word WHERE word = ANY(lexemes)
) >= cardinality(lexemes)
ORDER BY rank DESC, resolved_at DESC
LIMIT %(limit)s
"""
ReplyStage = Literal["open", "answered", "sent", "seen", "resumed", "ended"]


@dataclass(frozen=True)
class ThreadStep:
    """One event of the thread."""

    at: datetime
    text: str
    position: int
    event: RecordedEvent


@dataclass(frozen=True)
class BlockerDetail:
    """`others` are open blockers of the same cause; `together` are those that were given the same answer in one
    action. `context` is what the agent has written beside its question, and `receiver` the name of the agent that has
    received the answer.

    `last_call` is when the agent last did anything, while a sent answer waits for it.

    `standing` is the standing reply that was saved from this blocker, `field_choices` are what a new one can require,
    and `answered_like` is the blocker whose standing reply has answered this one.
    """

    item: blockers.NamedBlocker
    others: list[blockers.NamedBlocker]
    together: list[models.Blocker]
    waiting: list[current_state.Waiting]
    options: list[ReplyOption]
    steps: list[str]
    confidence: str
    tried: list[ThreadStep]
    alike: list[blockers.ResolvedBlocker]
    thread: list[ThreadStep]
    context: str
    receiver: str
    last_call: datetime | None
    standing: StandingSummary | None
    field_choices: list[FieldChoice]
    answered_like: int | None

    @property
    def stage(self) -> ReplyStage:
        return stage_of(self.item.blocker)

    @property
    def version(self) -> str:
        """Changes whenever the details have to be rendered again."""
        shown = [self.item.blocker.from_position, *(other.blocker.from_position for other in self.others)]
        standing = (
            f"{self.standing.standing.pk}{self.standing.standing.stage}{self.standing.uses}" if self.standing else ""
        )
        return f"{self.is_awaited} {self.is_snoozed} {self.has_called} {standing} {' '.join(map(str, shown))}"

    @property
    def has_called(self) -> bool:
        """Whether the agent has called since the answer was sent, and did not ask for it."""
        sent_at = self.item.blocker.resolved_at
        return sent_at is not None and self.last_call is not None and self.last_call > sent_at

    @property
    def unanswered(self) -> list[blockers.NamedBlocker]:
        return [other for other in self.others if not other.blocker.answer_id]

    @property
    def stopped(self) -> int:
        """The number of tasks that stand still because of this cause."""
        return self.tasks + len(self.waiting)

    @property
    def took(self) -> timedelta | None:
        ended_at = self.item.blocker.resolved_at
        return ended_at - self.item.blocker.opened_at if ended_at else None

    @property
    def tasks(self) -> int:
        """The number of tasks that wait for the same cause."""
        return len({self.item.blocker.task_id, *(other.blocker.task_id for other in self.others)})

    @property
    def is_awaited(self) -> bool:
        until = self.item.blocker.awaited_until
        return until is not None and until > utc_now()

    @property
    def is_snoozed(self) -> bool:
        return blockers.is_snoozed(self.item.blocker, utc_now())


def stage_of(blocker: models.Blocker) -> ReplyStage:
    if blocker.resolved_at is None:
        return "answered" if blocker.answer_id else "open"
    if not blocker.answer_id:
        return "ended"
    return "resumed" if blocker.resumed_at else "seen" if blocker.seen_at else "sent"


def find(blocker_id: int, visibility: Visibility) -> models.Blocker | None:
    rows = models.Blocker.objects.now().filter(blocker_id=blocker_id, **Scope(visibility).on())
    found: models.Blocker | None = rows.first()
    return found


def others(blocker: models.Blocker) -> list[models.Blocker]:
    """Return the other open blockers of the same cause, earliest first."""
    alike = {"board_id": blocker.board_id, "description": blocker.description}
    rows = models.Blocker.objects.now().filter(resolved_at=None, **alike).exclude(blocker_id=blocker.blocker_id)
    return list(rows.order_by("opened_at", "blocker_id")[:MAX_OTHERS])


def together(blocker: models.Blocker, others: list[models.Blocker]) -> list[models.Blocker]:
    """Return those answered in the same action: by the same person, due at the same time."""
    if not blocker.answer_id or blocker.resolved_at:
        return []
    given = (blocker.answered_by, blocker.answer_due)
    return [other for other in others if (other.answered_by, other.answer_due) == given]


def detail(blocker: models.Blocker, visibility: Visibility) -> BlockerDetail:
    """Return the details of a blocker returned by `find` for the same visibility."""
    board_id, task_id = blocker.board_id, blocker.task_id
    behind = linked_tasks.dependents_by_task([(board_id, task_id)], visibility).get((board_id, task_id), [])
    alike_now = others(blocker)
    report = read.event(blocker.blocker_id)
    names = blockers.names_of([blocker, *alike_now], behind[:MAX_NAMED])
    receiver = current_state.names([], [(board_id, blocker.seen_by)], []).agent(board_id, blocker.seen_by)
    standing = standing_list.of_example(blocker)
    may_be_saved = is_sent_by_person(blocker) and (standing is None or standing.stage == models.StandingReply.Stage.OFF)
    is_demo = models.Board.objects.now().filter(board_id=board_id, demo=True).exists()
    item = blockers.named(blocker, names, is_demo)
    return BlockerDetail(
        item=item,
        others=[blockers.named(other, names) for other in alike_now],
        together=together(blocker, alike_now),
        waiting=names.waiting(board_id, behind),
        options=proposed_by(report) if report and not blocker.resolved_at else [],
        steps=blockers.steps(blocker.suggestion),
        confidence=confidence(blocker.suggestion),
        tried=tried(blocker),
        alike=alike(blocker, visibility),
        thread=thread(blocker),
        context=text_in(report.data.get("context")) or "" if report else "",
        receiver=receiver if blocker.seen_by else "",
        last_call=last_call(blocker) if stage_of(blocker) == "sent" else None,
        standing=standing_list.summary(standing) if standing else None,
        field_choices=standing_list.field_choices(item, report) if may_be_saved else [],
        answered_like=standing_list.example_of(blocker),
    )


def is_sent_by_person(blocker: models.Blocker) -> bool:
    return stage_of(blocker) in ("sent", "seen", "resumed") and not blocker.standing_reply


def last_call(blocker: models.Blocker) -> datetime | None:
    """Return when the agent last did anything."""
    agent = (blocker.board_id, blocker.agent_id)
    return signs([agent], last_removals([blocker.board_id]))[agent].life if blocker.agent_id else None


def confidence(suggestion: object) -> str:
    """Return the stated confidence in percent; None if there is none."""
    value = suggestion.get("confidence") if isinstance(suggestion, dict) else None
    is_share = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
    return f"{value:.0%}" if is_share else ""


def tried(blocker: models.Blocker) -> list[ThreadStep]:
    """Return the agent's last message about the task before the blocker."""
    wanted = EventFilter().with_term("type", "task_progress", "decision_logged").with_term("task", blocker.task_id)
    found = read.events(wanted.with_term("board_id", blocker.board_id), before=blocker.blocker_id, limit=MAX_TRIED)
    return [told(step) for step in named(found)]


def thread(blocker: models.Blocker) -> list[ThreadStep]:
    """Return what was said and done about the blocker, oldest first."""
    wanted = EventFilter().with_term("type", *THREAD_TYPES).with_term("task", blocker.task_id)
    found = read.events(
        wanted.with_term("board_id", blocker.board_id),
        after=blocker.blocker_id - 1,
        limit=MAX_THREAD,
        newest_first=False,
    )
    mine = [step for step in found if text_in(step.data.get("blocker_event_id")) in (None, blocker.event_id)]
    return [told(step) for step in named(mine)]


def told(recorded: RecordedEvent) -> ThreadStep:
    return ThreadStep(recorded.timestamp, as_text(sentence(recorded)), recorded.position, recorded)


def alike(blocker: models.Blocker, visibility: Visibility) -> list[blockers.ResolvedBlocker]:
    """Return earlier answered blockers with similar descriptions."""
    values = {
        "text": blocker.description,
        "blocker_id": blocker.blocker_id,
        "limit": MAX_ALIKE,
        "ranked": MAX_RANKED,
        "boards": Scope(visibility).boards,
    }
    ids = [blocker_id for (blocker_id,) in rows(ALIKE, values)]
    found = {row.blocker_id: row for row in models.Blocker.objects.now().filter(blocker_id__in=ids)}
    names = blockers.names_of(found.values())
    return [blockers.resolved_blocker(found[blocker_id], names) for blocker_id in ids if blocker_id in found]
