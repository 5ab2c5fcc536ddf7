"""When an event happened, in SQL: the same as `Recorded.happened_at`, and what the index `event_by_happened` is on."""

HAPPENED_AT = "least(timestamp, recorded_at)"
