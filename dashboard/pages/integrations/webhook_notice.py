"""What a response says after an action on a webhook: its new secret, what a receiver answered, or that it is done."""

from __future__ import annotations

from dataclasses import dataclass, field

from marcus_events.models import Webhook
from marcus_events.webhooks.http_post import PostOutcome

DONE = {
    "off": "The webhook is off. Blockers resolved in the meantime are sent when you turn it on again.",
    "on": "The webhook is on.",
    "retry": "The failed deliveries are being sent again.",
    "deleted": "The webhook has been deleted.",
}


@dataclass(frozen=True)
class NewWebhookSecret:
    """A secret, which only the response to this request contains."""

    webhook: Webhook
    secret: str = field(repr=False)
    is_renewed: bool


@dataclass(frozen=True)
class ProbeResult:
    webhook: Webhook
    outcome: PostOutcome


WebhookNotice = NewWebhookSecret | ProbeResult
