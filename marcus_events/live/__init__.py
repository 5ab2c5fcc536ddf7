"""Live delivery: one tail per process, fanned out to many connections."""
