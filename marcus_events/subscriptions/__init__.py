"""Durable subscriptions: named, remembered by the log, each with one owner at a time among any number of processes."""

from marcus_events.subscriptions.runner import Runner

__all__ = ["Runner"]
