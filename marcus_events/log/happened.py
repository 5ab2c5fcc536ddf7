"""When an event happened, in SQL: the same as `Recorded.happened_at`. The index `event_by_happened` is on this expression."""

HAPPENED_AT = "least(timestamp, recorded_at)"
