"""Publish from another process, and wait for what happens on the dashboard. Needs httpx, and nothing else."""

from marcus_events.client.client import Client

__all__ = ["Client"]
