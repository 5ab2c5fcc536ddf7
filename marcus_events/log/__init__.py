"""The log: one ordered sequence of events in PostgreSQL, and the only SQL that touches it."""
