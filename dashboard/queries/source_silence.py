"""Whether the sources of events are silent although agents are at work: then the pages show the past."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.headline import QUIET
from dashboard.visibility import Scope
from marcus_events.log.source_activity import BoardAtWork, boards_at_work, is_heard_of

SILENT_AFTER = 2 * QUIET  # as of one agent
FORGOTTEN_AFTER = timedelta(days=1)  # work that ended without a word a day ago is no news; Agents shows it


@dataclass(frozen=True)
class SourceSilence:
    """`boards` are silent, though agents are at work there. `since` is the last event if nothing else is heard of."""

    boards: list[BoardAtWork]
    since: datetime | None

    @property
    def agents(self) -> int:
        return sum(board.agents for board in self.boards)


def source_silence(scope: Scope, now: datetime) -> SourceSilence:
    at_work = [row for row in boards_at_work(scope.boards) if row.agents]
    lately = [row for row in at_work if row.last_at and now - row.last_at < FORGOTTEN_AFTER]
    silent = [row for row in lately if is_silent(row, now)]
    if not silent or len(silent) < len(lately) or is_heard_of(scope.boards, now - SILENT_AFTER):
        return SourceSilence(silent, None)
    return SourceSilence(silent, max(row.last_at for row in silent if row.last_at))


def is_silent(row: BoardAtWork, now: datetime) -> bool:
    return row.last_at is None or now - row.last_at > SILENT_AFTER
