"""Now: one sentence of state, what needs a person, and the latest events."""
