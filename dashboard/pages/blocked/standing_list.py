"""Standing replies with what they match, what their shadow says, and how often they were used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import F

from dashboard.queries import current_state
from dashboard.queries.blockers import NamedBlocker
from dashboard.visibility import Scope
from marcus_events.blockers.reply_options import stated_options
from marcus_events.blockers.standing_match import (
    FIELDS,
    ShadowResult,
    StandingMatch,
    match_of,
    shadow_of,
)
from marcus_events.blockers.standing_uses import uses
from marcus_events.core.event import RecordedEvent, utc_now
from marcus_events.models import Blocker, StandingReply

MAX_SHOWN = 20  # besides those that are on
SHOWN_FOR = timedelta(days=7)  # after it was turned off
IN_WORDS = {"type": "blocker type", "severity": "reported severity"}


@dataclass(frozen=True)
class StandingSummary:
    """`match` is None once the example is gone."""

    standing: StandingReply
    board: str
    match: StandingMatch | None
    uses: int

    @property
    def same(self) -> str:
        """What a blocker must have in common with the example: "question, options and agent"."""
        *others, last = [IN_WORDS.get(name, name) for name in self.standing.fields]
        return f"{', '.join(others)} and {last}" if others else last

    @property
    def shadow(self) -> ShadowResult | None:
        """What it would have answered; None unless it is in shadow mode."""
        is_in_shadow = self.standing.stage == StandingReply.Stage.SHADOW
        return shadow_of(self.match) if self.match and is_in_shadow else None


@dataclass(frozen=True)
class FieldChoice:
    """A field of a blocker that a standing reply can require."""

    name: str
    words: str
    value: str


@dataclass(frozen=True)
class StandingList:
    rows: list[StandingSummary]
    hidden: int


def listed(scope: Scope) -> StandingList:
    """Return the standing replies of these boards: all that are on, then those in shadow mode and off, newest first."""
    rows = StandingReply.objects.filter(**scope.on()).exclude(turned_off_at__lt=utc_now() - SHOWN_FOR)
    others = rows.exclude(stage=StandingReply.Stage.ON)
    found = [*rows.filter(stage=StandingReply.Stage.ON).order_by("-pk")]
    found += others.order_by(F("turned_off_at").desc(nulls_first=True), "-pk")[:MAX_SHOWN]
    names = current_state.names({row.board_id for row in found}, [], [])
    return StandingList([summary(row, names.board(row.board_id)) for row in found], max(0, others.count() - MAX_SHOWN))


def summary(standing: StandingReply, board: str = "") -> StandingSummary:
    return StandingSummary(standing, board, match_of(standing), uses(standing))


def of_example(blocker: Blocker) -> StandingReply | None:
    """Return the standing reply that was saved from this blocker, the newest one."""
    return StandingReply.objects.filter(blocker_id=blocker.blocker_id).order_by("-pk").first()


def example_of(blocker: Blocker) -> int | None:
    """Return the blocker whose reply has answered this one as a standing reply."""
    if not blocker.standing_reply:
        return None
    found = StandingReply.objects.filter(pk=int(blocker.standing_reply), board_id=blocker.board_id).first()
    return found.blocker_id if found else None


def field_choices(item: NamedBlocker, report: RecordedEvent | None) -> list[FieldChoice]:
    """Return the fields that this blocker has, from its row and its report."""
    values = {
        "question": item.blocker.description,
        "type": item.blocker.blocker_type,
        "options": ", ".join(stated_options(report)) if report else "",
        "severity": item.blocker.reported_severity,
        "agent": item.agent if item.blocker.agent_id else "",
    }
    return [FieldChoice(name, IN_WORDS.get(name, name), values[name]) for name in FIELDS if values[name]]
