"""The event system of Marcus: publish, subscribe, and a durable log.

Importing this package needs neither Django nor any third-party code, so that an agent or Marcus itself can use it.
"""

from marcus_events.bus.events import Events
from marcus_events.core.causation import caused_by
from marcus_events.core.event import Event
from marcus_events.core.event_types import EventTypes

__all__ = ["Event", "EventTypes", "Events", "caused_by"]
