"""When somebody was last here.

1. Who has not been seen for LEFT_AFTER has left: what comes then is another visit, and the one before ended when they
   were last seen.
2. Within a visit its beginning stays, however many pages are opened.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from dashboard.models import Visit

LEFT_AFTER = timedelta(minutes=30)
NOTE_EVERY = timedelta(minutes=1)  # a write for each page would cost more than it tells


def last_visit(user_id: int, now: datetime) -> datetime | None:
    """The end of the visit before this one, which is noted to go on; None on the first."""
    visit, is_first = Visit.objects.get_or_create(user_id=user_id, defaults={"seen_at": now})
    if is_first or now - visit.seen_at < NOTE_EVERY:
        return visit.before_at
    if now - visit.seen_at > LEFT_AFTER:
        visit.before_at = visit.seen_at
    visit.seen_at = now
    visit.save()
    return visit.before_at
