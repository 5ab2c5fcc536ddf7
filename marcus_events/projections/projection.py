"""The interface of a projection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from django.db import models

from marcus_events.core.event import RecordedEvent


class Projection(Protocol):
    """Tables that are a function of the log."""

    name: str
    tables: Sequence[type[models.Model]]

    def project(self, events: Sequence[RecordedEvent]) -> None:
        """Apply the events, which follow on those of the last call, in the caller's transaction."""

    def project_in_rebuild(self, events: Sequence[RecordedEvent]) -> None:
        """Like `project`, while nobody reads these rows yet: `finish_rebuild` follows after the last events."""
        self.project(events)

    def finish_rebuild(self) -> None:
        """Do what `project_in_rebuild` has left, in the caller's transaction."""
        return

    def clear(self) -> None:
        """Empty the tables, in the caller's transaction."""
        for table in self.tables:
            table._default_manager.all().delete()

    def tidy(self) -> None:
        """Release what `clear` has left, after the commit."""
        return
