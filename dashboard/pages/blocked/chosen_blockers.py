"""Reads the blockers that somebody chose to act on."""

from __future__ import annotations

from collections.abc import Iterable

from dashboard.queries.blockers import open_rows
from dashboard.visibility import Scope, Visibility
from marcus_events.models import Blocker


def open_ones(ids: Iterable[int], visibility: Visibility) -> list[Blocker]:
    """Return those that are open and visible."""
    return list(open_rows(Scope(visibility)).filter(blocker_id__in=list(ids)).order_by("blocker_id"))


def as_they_are(blockers: Iterable[Blocker]) -> list[Blocker]:
    """Return the blockers as they are by now."""
    return list(Blocker.objects.now().filter(blocker_id__in=[blocker.blocker_id for blocker in blockers]))
