"""Blocked: the open and the resolved blockers, and one blocker with its actions."""
