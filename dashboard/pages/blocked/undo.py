"""The undo of an act on blockers: what the act changed, signed, so that the page can hold it until it is wanted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core import signing

from marcus_events.access.board_members import who_see
from marcus_events.blockers import actions
from marcus_events.core.event import utc_now
from marcus_events.models import Blocker

SALT = "marcus.blocked.undo"
MAX_AGE = timedelta(hours=1)
FIELDS = {"assign": "assignee", "snooze": "snoozed_until", "answer": "answer_id"}  # what each act changes


@dataclass(frozen=True)
class UndoableAct:
    """`values` are, by blocker, the value that the act gave its field and the one before it."""

    act: str
    values: dict[int, tuple[str, str]]

    @property
    def ids(self) -> list[int]:
        return list(self.values)

    @property
    def permission(self) -> str:
        """The act that one must be permitted to do, in order to undo this one."""
        return "withdraw" if self.act == "answer" else self.act


def token(act: str, by: str, before: Sequence[Blocker], after: Sequence[Blocker]) -> str:
    now = {blocker.blocker_id: value_of(act, blocker) for blocker in after}
    values = [[row.blocker_id, now.get(row.blocker_id, ""), value_of(act, row)] for row in before]
    return signing.dumps({"by": by, "act": act, "values": values}, salt=SALT, compress=True)


def read(stated: str, by: str) -> UndoableAct:
    """Read a token that was made for this person. Raises ActionNotPossible."""
    try:
        found: dict[str, Any] = signing.loads(stated, salt=SALT, max_age=MAX_AGE)
    except signing.BadSignature as error:
        raise actions.ActionNotPossible("This can no longer be undone.") from error
    if found["by"] != by:
        raise actions.ActionNotPossible("This can no longer be undone.")
    return UndoableAct(found["act"], {number: (now, before) for number, now, before in found["values"]})


def undo(stated: UndoableAct, blockers: Mapping[int, Blocker], by: str) -> None:
    """Give each blocker its former value, unless it has another one by now. Raises ActionNotPossible."""
    groups: dict[str, list[Blocker]] = defaultdict(list)
    for number, (given, before) in stated.values.items():
        blocker = blockers.get(number)
        if blocker and value_of(stated.act, blocker) == given:
            groups[before].append(blocker)
    if not groups:
        raise actions.ActionNotPossible("This has changed since and cannot be undone.")
    for before, rows in groups.items():
        restore(stated.act, rows, by, before)


def restore(act: str, blockers: Sequence[Blocker], by: str, before: str) -> None:
    match act:
        case "assign":
            boards = {blocker.board_id for blocker in blockers}
            is_known = all(who_see(board_id).filter(username=before).exists() for board_id in boards)
            actions.assign(blockers, by, before if is_known else "")
        case "snooze":
            until = datetime.fromisoformat(before) if before else None
            actions.snooze(blockers, by, until if until and until > utc_now() else None)
        case "answer":
            actions.withdraw(blockers, by)


def value_of(act: str, blocker: Blocker) -> str:
    value = getattr(blocker, FIELDS[act])
    return value.isoformat() if isinstance(value, datetime) else value or ""
