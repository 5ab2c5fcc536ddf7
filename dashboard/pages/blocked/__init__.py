"""Blocked: open and resolved blockers, and one blocker with its actions."""
