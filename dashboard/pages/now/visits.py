"""Records when a person last visited.

1. A visit ends when the person has not been seen for LEFT_AFTER; the next request begins a new one.
2. Within a visit, the end of the previous one stays the same, however many pages are opened.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from dashboard.models import Visit

LEFT_AFTER = timedelta(minutes=30)
SAVE_INTERVAL = timedelta(minutes=1)  # a write per page would cost too much


def last_visit(user_id: int, now: datetime) -> datetime | None:
    """Return the end of the previous visit, None on the first, and record the current one."""
    visit, is_first = Visit.objects.get_or_create(user_id=user_id, defaults={"seen_at": now})
    if is_first or now - visit.seen_at < SAVE_INTERVAL:
        return visit.before_at
    if now - visit.seen_at > LEFT_AFTER:
        visit.before_at = visit.seen_at
    visit.seen_at = now
    visit.save()
    return visit.before_at
