"""HTTP: publish events, read the log, ask for the present and the past."""
