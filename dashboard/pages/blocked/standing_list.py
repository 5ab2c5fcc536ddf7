"""Standing replies with what they match, what their shadow says, and how often they were used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from dashboard.queries import current_state
from dashboard.queries.blockers import NamedBlocker
from dashboard.visibility import Scope
from marcus_events.blockers.standing_match import MATCHERS, ShadowResult, StandingMatch, match_of, shadow_of
from marcus_events.blockers.standing_uses import uses
from marcus_events.core.event import utc_now
from marcus_events.models import Blocker, StandingReply

MAX_SHOWN = 20
SHOWN_FOR = timedelta(days=7)  # after it was turned off
IN_WORDS = {"type": "blocker type", "severity": "reported severity"}


@dataclass(frozen=True)
class StandingSummary:
    """`match` is None once the example is gone; `shadow` is there while it is in shadow."""

    standing: StandingReply
    board: str
    match: StandingMatch | None
    shadow: ShadowResult | None
    uses: int

    @property
    def same(self) -> str:
        """What a blocker must have in common with the example: "question, options and agent"."""
        *others, last = [IN_WORDS.get(name, name) for name in self.standing.fields]
        return f"{', '.join(others)} and {last}" if others else last


@dataclass(frozen=True)
class FieldChoice:
    """A field of a blocker that a standing reply can require."""

    name: str
    words: str
    value: str


def listed(scope: Scope) -> list[StandingSummary]:
    """Return the standing replies of these boards, those in use first, with those that were turned off lately."""
    rows = StandingReply.objects.filter(**scope.on()).exclude(turned_off_at__lt=utc_now() - SHOWN_FOR)
    found = sorted(rows.order_by("-pk")[:MAX_SHOWN], key=lambda row: row.stage == StandingReply.Stage.OFF)
    names = current_state.names({row.board_id for row in found}, [], [])
    return [summary(row, names.board(row.board_id)) for row in found]


def summary(standing: StandingReply, board: str) -> StandingSummary:
    match = match_of(standing)
    is_in_shadow = standing.stage == StandingReply.Stage.SHADOW
    return StandingSummary(standing, board, match, shadow_of(match) if match and is_in_shadow else None, uses(standing))


def of_example(blocker: Blocker) -> StandingReply | None:
    """Return the standing reply that was saved from this blocker, the newest one."""
    return StandingReply.objects.filter(blocker_id=blocker.blocker_id).order_by("-pk").first()


def example_of(blocker: Blocker) -> int | None:
    """Return the blocker whose reply has answered this one as a standing reply."""
    if not blocker.standing_reply:
        return None
    found = StandingReply.objects.filter(pk=int(blocker.standing_reply), board_id=blocker.board_id).first()
    return found.blocker_id if found else None


def field_choices(item: NamedBlocker) -> list[FieldChoice]:
    """Return the fields that this blocker has."""
    values = {name: read(item.blocker) for name, read in MATCHERS.items()}
    values |= {"agent": item.agent if item.blocker.agent_id else "", "task": item.task}
    stated = {name: ", ".join(value) if isinstance(value, tuple) else value for name, value in values.items()}
    return [FieldChoice(name, IN_WORDS.get(name, name), value) for name, value in stated.items() if value]
