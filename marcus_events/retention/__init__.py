"""What is removed from the log, when, and the proof of it."""
