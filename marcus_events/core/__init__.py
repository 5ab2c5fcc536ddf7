"""Plain Python, standard library only, no I/O: what an event is and what events mean."""
