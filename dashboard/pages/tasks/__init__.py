"""A task: its status over time, its blockers, dependencies and events."""
