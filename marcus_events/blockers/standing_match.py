"""Which blockers a standing reply answers, and what it would have answered before.

A blocker matches when it is on the same board as the example and equals it in every chosen field. Similar texts do not
match: one different character makes a different question.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from marcus_events.blockers.reply_options import stated_options
from marcus_events.core.redaction_marker import REDACTED, is_redacted
from marcus_events.core.reducers.blockers import NO_REASON
from marcus_events.log import read
from marcus_events.models import Blocker, StandingReply

SHADOW_SIZE = 40  # blockers: the newest on the board that people have answered

OPTIONS = "options"  # read from the report: the table does not have them
COLUMNS = {"question": "description", "type": "blocker_type", "severity": "reported_severity", "agent": "agent_id"}
FIELDS = ("question", "type", OPTIONS, "severity", "agent")


@dataclass(frozen=True)
class StandingMatch:
    """The example of a standing reply, and the fields in which a blocker must equal it."""

    example: Blocker
    fields: tuple[str, ...]
    options: tuple[str, ...]

    @property
    def reply(self) -> str:
        return self.example.resolution

    @property
    def columns(self) -> dict[str, str]:
        names = [COLUMNS[name] for name in self.fields if name in COLUMNS]
        return {"board_id": self.example.board_id} | {name: getattr(self.example, name) for name in names}

    def among(self, rows: QuerySet[Blocker], most: int) -> list[Blocker]:
        """Return the matching ones of the first `most` rows that equal the example in every column."""
        return self.with_options(list(rows.filter(**self.columns)[:most]))

    def among_read(self, blockers: Iterable[Blocker]) -> list[Blocker]:
        wanted = self.columns.items()
        return self.with_options(
            [row for row in blockers if all(getattr(row, name) == value for name, value in wanted)]
        )

    def with_options(self, blockers: list[Blocker]) -> list[Blocker]:
        """Return those with the example's options, if options count. A blocker without a report has none to compare."""
        if OPTIONS not in self.fields or not blockers:
            return blockers
        stated = options_by_position([blocker.blocker_id for blocker in blockers])
        return [blocker for blocker in blockers if stated.get(blocker.blocker_id) == self.options]


def options_by_position(positions: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """Return the options in the reports at these positions, without those that are gone or redacted."""
    found: dict[int, tuple[str, ...]] = {}
    remaining = sorted(positions)
    while remaining:
        reports = read.page_at(remaining, limit=len(remaining)).events
        found |= {report.position: tuple(stated_options(report)) for report in reports if not is_redacted(report.data)}
        remaining = [position for position in remaining if reports and position > reports[-1].position]
    return found


def match_of(standing: StandingReply) -> StandingMatch | None:
    """Return the match; None if the example or its report is gone or redacted, or the log is another one."""
    report = read.event(standing.blocker_id)
    rows = Blocker.objects.now().filter(blocker_id=standing.blocker_id, board_id=standing.board_id)
    example: Blocker | None = rows.exclude(answer_id="").exclude(resolved_at=None).first()
    if report is None or example is None or read.head().epoch != standing.epoch:
        return None
    if is_redacted(report.data) or REDACTED in (example.description, example.resolution):
        return None
    return StandingMatch(example, tuple(standing.fields), tuple(stated_options(report)))


def identifies_question(blocker: Blocker, fields: Iterable[str]) -> bool:
    """Whether one of the fields says what the blocker is about, and the blocker states it."""
    has_question = "question" in fields and blocker.description not in ("", NO_REASON)
    return has_question or ("type" in fields and bool(blocker.blocker_type))


@dataclass(frozen=True)
class ShadowResult:
    """Of the last `examined` blockers that people answered, those that match: answered the same, or differently."""

    examined: int
    agreed: list[Blocker]
    differed: list[Blocker]

    @property
    def matched(self) -> int:
        return len(self.agreed) + len(self.differed)

    @property
    def is_unanimous(self) -> bool:
        return bool(self.agreed) and not self.differed


def shadow_of(match: StandingMatch) -> ShadowResult:
    """Compare the reply with the answers that people gave to the newest blockers of the board, sent or not."""
    rows = Blocker.objects.now().filter(board_id=match.example.board_id, standing_reply="").exclude(answer_id="")
    unsent = list(rows.filter(resolved_at=None).order_by("-blocker_id")[:SHADOW_SIZE])
    sent = rows.filter(resolved_at__isnull=False).order_by("-resolved_at", "-blocker_id")
    newest = [*unsent, *sent[: SHADOW_SIZE - len(unsent)]]
    matching = match.among_read(newest)
    agreed = [blocker for blocker in matching if blocker.answer == match.reply]
    return ShadowResult(len(newest), agreed, [blocker for blocker in matching if blocker.answer != match.reply])
