"""Publishes events to a dashboard elsewhere, and reads its log. Needs httpx and the standard library."""

from marcus_events.client.client import Client

__all__ = ["Client"]
