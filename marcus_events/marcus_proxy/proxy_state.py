"""Writes the state of this proxy for the page Integrations."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from marcus_events.core.event import utc_now
from marcus_events.marcus_proxy.asked_questions import AskedQuestions
from marcus_events.models import ConnectedProxy

FORGOTTEN_AFTER = timedelta(days=30)  # since a proxy was last seen
SAVE_EVERY = timedelta(seconds=1)
MAX_TEXT = 400  # characters of a command or a problem


@dataclass
class ProxyState:
    """`called_at`, `calls` and `problem` are set by the transport, from the event loop alone."""

    proxy_id: str
    marcus: str
    board: str
    questions: AskedQuestions
    address: str = ""
    started_at: datetime = field(default_factory=utc_now)
    called_at: datetime | None = None
    calls: int = 0
    problem: str = ""
    _saved_at: datetime | None = None

    def note_call(self) -> None:
        self.called_at = utc_now()
        self.calls += 1
        self.problem = ""

    def note_problem(self, text: str) -> None:
        """Note why Marcus did not answer."""
        self.problem = text[:MAX_TEXT]

    def save(self, waiting: int, *, has_ended: bool = False) -> None:
        """Raises an error of the database."""
        now = utc_now()
        if self._saved_at and now - self._saved_at < SAVE_EVERY and not has_ended:
            return
        ConnectedProxy.objects.filter(seen_at__lt=now - FORGOTTEN_AFTER).delete()
        ConnectedProxy.objects.update_or_create(
            proxy_id=self.proxy_id,
            defaults={
                "marcus": self.marcus[:MAX_TEXT],
                "address": self.address,
                "board": self.board[:MAX_TEXT],
                "started_at": self.started_at,
                "seen_at": now,
                "ended_at": now if has_ended else None,
                "called_at": self.called_at,
                "calls": self.calls,
                "agents": self.questions.agents_since(self.started_at),
                "open_questions": len(self.questions.open()),
                "waiting": waiting,
                "problem": self.problem,
            },
        )
        self._saved_at = now
