"""Which blockers a standing reply answers, and what it would have answered before.

A blocker matches when it is on the same board as the example and equals it in every chosen field. There is no
likeness: one different character is a different question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from marcus_events.blockers.reply_options import options_of
from marcus_events.core.redaction_marker import REDACTED
from marcus_events.models import Blocker, StandingReply

SHADOW_SIZE = 40  # blockers: the newest on the board that people have answered

Value = str | tuple[str, ...]
MATCHERS: dict[str, Callable[[Blocker], Value]] = {
    "question": lambda blocker: blocker.description,
    "type": lambda blocker: blocker.blocker_type,
    "options": lambda blocker: tuple(option.text for option in options_of(blocker)),
    "severity": lambda blocker: blocker.reported_severity,
    "agent": lambda blocker: blocker.agent_id,
    "task": lambda blocker: blocker.task_id,
}
KINDS = ("question", "type")  # one that the example has must be chosen: the other fields say nothing of the question


@dataclass(frozen=True)
class StandingMatch:
    """The example of a standing reply, and the fields in which a blocker must equal it."""

    example: Blocker
    fields: tuple[str, ...]

    @property
    def reply(self) -> str:
        return self.example.resolution

    def includes(self, blocker: Blocker) -> bool:
        return blocker.board_id == self.example.board_id and all(
            MATCHERS[name](blocker) == MATCHERS[name](self.example) for name in self.fields
        )

    def among(self, blockers: Iterable[Blocker]) -> list[Blocker]:
        return [blocker for blocker in blockers if self.includes(blocker)]


def match_of(standing: StandingReply) -> StandingMatch | None:
    """Return the match; None if the example is gone or its text was redacted."""
    rows = Blocker.objects.now().filter(blocker_id=standing.blocker_id, board_id=standing.board_id)
    example: Blocker | None = rows.exclude(answer_id="").exclude(resolved_at=None).first()
    if example is None or REDACTED in (example.description, example.resolution):
        return None
    return StandingMatch(example, tuple(standing.fields))


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
    """Compare the reply with what people have answered to the newest blockers of the board."""
    rows = Blocker.objects.now().filter(board_id=match.example.board_id, resolved_at__isnull=False, standing_reply="")
    newest = list(rows.exclude(answer_id="").order_by("-resolved_at", "-blocker_id")[:SHADOW_SIZE])
    matching = match.among(newest)
    agreed = [blocker for blocker in matching if blocker.resolution == match.reply]
    return ShadowResult(len(newest), agreed, [blocker for blocker in matching if blocker not in agreed])
