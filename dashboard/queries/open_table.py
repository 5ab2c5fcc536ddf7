"""The open blockers as Blocked lists them: sorted, filtered, and how many there are of each severity and board."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from dashboard.look import Look
from dashboard.queries import blockers
from dashboard.queries.blockers import OpenBlocker
from dashboard.queries.causes import Cause, cause_of, causes
from dashboard.ranking import SEVERITY_WEIGHT

MAX_BOARDS = 12  # to choose from; the switcher has them all


@dataclass(frozen=True)
class Row:
    """A blocker, and all that is open for its reason."""

    need: OpenBlocker
    cause: Cause


@dataclass(frozen=True)
class Choice:
    value: str
    words: str
    number: int


@dataclass(frozen=True)
class Table:
    """`total` counts what is open on the board; `rows` are those of the chosen severity and reason."""

    rows: list[Row]
    total: int
    causes: int
    severities: list[Choice]
    boards: list[Choice]


def open_table(look: Look, now: datetime) -> Table:
    items = blockers.open_blockers(look.scope, look.sort, now)
    alike = {cause.key: cause for cause in causes(items, now)}
    if look.sort == "cause":
        items = [item for cause in alike.values() for item in cause.items]
    rows = [Row(item, alike[cause_of(item.blocker)]) for item in items]
    chosen = [row for row in rows if is_chosen(row, look)]
    return Table(chosen, len(items), len(alike), severities(items), boards(items))


def is_chosen(row: Row, look: Look) -> bool:
    return look.severity in {"", row.need.blocker.severity} and look.cause in {"", row.cause.key}


def severities(items: list[OpenBlocker]) -> list[Choice]:
    """The worst first."""
    counted = Counter(item.blocker.severity for item in items)
    worst_first = sorted(counted, key=lambda severity: -SEVERITY_WEIGHT.get(severity, 0))
    return [Choice(severity, severity.capitalize(), counted[severity]) for severity in worst_first]


def boards(items: list[OpenBlocker]) -> list[Choice]:
    """Those with the most first."""
    counted = Counter((item.blocker.board_id, item.board) for item in items)
    return [Choice(board_id, name, number) for (board_id, name), number in counted.most_common(MAX_BOARDS) if board_id]
