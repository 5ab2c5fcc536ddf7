"""The documented import path of `get_events`, for the modules that MARCUS_HANDLERS names; see docs/events.md."""

from __future__ import annotations

from marcus_events.default_events import get_events

__all__ = ["get_events"]
