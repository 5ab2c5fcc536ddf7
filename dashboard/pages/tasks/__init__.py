"""A task: its status over time, blockers, dependencies and events."""
