"""Blockers that begin and end, and webhooks that are due."""

from __future__ import annotations

from typing import Any

from django.db.models.functions import Now

from marcus_events.models import Webhook, WebhookDelivery
from marcus_events.webhooks import registration
from tests.dashboard.publishing import event, publish

QUESTION, REPLY = "Which colour?", "Blue"


def webhook(url: str, *boards: str) -> Webhook:
    return registration.create(url, boards, "ann", "127.0.0.1")


def blocked(task: str, board: str = "shop", question: str = QUESTION) -> str:
    """Report a blocker, and return its ticket."""
    report = event("task_blocked", board=board, task_id=task, agent_id="agent_1", description=question)
    publish(report)
    return report.event_id


def resolve(task: str, board: str = "shop", **data: Any) -> int:
    """Publish that the blocker has ended; return the position."""
    return publish(event("blocker_resolved", board=board, task_id=task, **data))[0]


def ended(task: str, board: str = "shop") -> str:
    ticket = blocked(task, board)
    resolve(task, board, resolution=REPLY)
    return ticket


def reply(ticket: str, task: str, text: str = REPLY) -> int:
    """Send a person's reply; return the position of the event that ended the blocker."""
    about: dict[str, Any] = {"task_id": task, "blocker_event_id": ticket, "by": "ann"}
    answered = event("blocker_answered", answer=text, **about)
    [_, position] = publish(answered, event("blocker_resolved", resolution=text, answer_id=answered.event_id, **about))
    return position


def make_due() -> None:
    """Let the time until the next attempts pass."""
    WebhookDelivery.objects.filter(status="waiting").update(due_at=Now())


def delivery() -> WebhookDelivery:
    return WebhookDelivery.objects.get()


def hook() -> Webhook:
    return Webhook.objects.get()
