"""Durable subscriptions: named, with a position in the log, and one owner at a time among any number of processes."""

from marcus_events.subscriptions.runner import Runner

__all__ = ["Runner"]
