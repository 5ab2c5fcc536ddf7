"""How the audit trail is kept: see `marcus_events.audit`, which everybody calls."""
