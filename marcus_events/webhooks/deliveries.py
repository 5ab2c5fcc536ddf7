"""The table of deliveries: one for each resolved blocker, attempted when it is due, and kept with its outcome.

1. `enqueue` moves each webhook's position to that of the projection, and makes the deliveries of what lies between, in
   one statement. So no end of a blocker is missed, whatever is killed and when.
2. `begin_attempts` moves `due_at` of the deliveries that it takes LEASE ahead. No other process takes them until then;
   if this one is killed, another one does. No transaction is open while a message is sent.
3. `record` stores the outcome. A process that was suspended beyond its lease does not affect a later attempt, unless
   its own has succeeded: then the delivery counts as delivered.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef
from django.db.models.functions import Now

from marcus_events.log import read
from marcus_events.log.rows import execute
from marcus_events.models import Blocker, DeliveryStatus, ProjectionName, Webhook, WebhookDelivery
from marcus_events.webhooks.http_post import PostOutcome
from marcus_events.webhooks.messages import resolved_message
from marcus_events.webhooks.registration import turn_off_gone
from marcus_events.webhooks.signature import key_of

BATCH = 100_000  # positions of the log in one statement: a webhook that was off for long may be far behind
MAX_AT_ONCE = 10  # attempts of one webhook in a process, so that a slow receiver is not flooded
LEASE = timedelta(seconds=30)  # longer than an attempt may take: see `http_post.TIMEOUT_S`
DELAYS = (  # after each failed attempt, as Standard Webhooks recommends
    *(timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=5)),
    *(timedelta(hours=10), timedelta(hours=14), timedelta(hours=20), timedelta(hours=24)),
)
JITTER = 0.1  # of a delay, at most: many deliveries that failed together are not repeated together
MAX_RETRY_AFTER = timedelta(days=1)
PROJECTION_DELAY = timedelta(seconds=1)  # until a projection that is being rebuilt is looked at again
KEPT_FOR = timedelta(days=30)  # deliveries that have arrived
GONE = "The log no longer has this blocker."

# The first row of a blocker that has `resolved_at` is its end.
ENQUEUE = """
WITH behind AS (
    SELECT webhook.id, webhook.boards, webhook.position AS after,
        least(checkpoint.position, webhook.position + %(batch)s) AS until
    FROM webhook, checkpoint JOIN log_head USING (epoch)
    WHERE checkpoint.projection = %(projection)s AND webhook.turned_off_at IS NULL
        AND (webhook.position < checkpoint.position OR webhook.position > log_head.position)
    FOR UPDATE OF webhook SKIP LOCKED
), made AS (
    INSERT INTO webhook_delivery (webhook_id, blocker_id, position, message_id, status, attempts, due_at)
    SELECT behind.id, blocker.blocker_id, blocker.from_position, 'msg_' || left(encode(sha256(convert_to(
        concat_ws(' ', behind.id, blocker.blocker_id, blocker.event_id), 'UTF8')), 'hex'), 32),
        'waiting', 0, clock_timestamp()
    FROM behind JOIN blocker ON blocker.from_position > behind.after AND blocker.from_position <= behind.until
    WHERE blocker.resolved_at IS NOT NULL AND (behind.boards = '[]' OR behind.boards ? blocker.board_id)
        AND NOT EXISTS (SELECT FROM blocker AS earlier WHERE earlier.blocker_id = blocker.blocker_id
            AND earlier.from_position < blocker.from_position AND earlier.resolved_at IS NOT NULL)
    ON CONFLICT (webhook_id, blocker_id) DO NOTHING
)
UPDATE webhook SET position = behind.until FROM behind WHERE webhook.id = behind.id
"""


@dataclass(frozen=True)
class DeliveryAttempt:
    """What one attempt sends. `number` counts the attempts of the delivery, from 1."""

    delivery_id: int
    webhook_id: int
    number: int
    url: str
    message_id: str
    key: bytes = field(repr=False)
    body: bytes = field(repr=False)


def enqueue() -> None:
    """Make deliveries of the ends of blockers that the projection has applied, for webhooks that are on."""
    execute(ENQUEUE, {"batch": BATCH, "projection": ProjectionName.STATE})


def begin_attempts(busy: Mapping[int, int]) -> list[DeliveryAttempt]:
    """Begin the attempts that are due; `busy` counts those that this process has not ended yet, by webhook."""
    due = WebhookDelivery.objects.filter(status=DeliveryStatus.WAITING, due_at__lte=Now())
    webhooks = Webhook.objects.filter(Exists(due.filter(webhook=OuterRef("pk"))), turned_off_at=None)
    begun = []
    for webhook in webhooks:
        room = MAX_AT_ONCE - busy.get(webhook.pk, 0)
        begun += [attempt for delivery in lease(webhook, max(room, 0)) if (attempt := attempt_of(webhook, delivery))]
    return begun


def lease(webhook: Webhook, number: int) -> list[WebhookDelivery]:
    """Take up to `number` deliveries that are due, the longest overdue first."""
    with transaction.atomic():
        rows = WebhookDelivery.objects.select_for_update(skip_locked=True)
        due = rows.filter(webhook=webhook, status=DeliveryStatus.WAITING, due_at__lte=Now())
        taken = list(due.order_by("due_at", "pk")[:number])
        same = WebhookDelivery.objects.filter(pk__in=[delivery.pk for delivery in taken])
        same.update(attempts=F("attempts") + 1, due_at=Now() + LEASE)
    for delivery in taken:
        delivery.attempts += 1
    return taken


def attempt_of(webhook: Webhook, delivery: WebhookDelivery) -> DeliveryAttempt | None:
    """Make the message from the blocker as it is now. None if there is no such blocker, or the projection
    is being rebuilt."""
    ends = Blocker.objects.filter(blocker_id=delivery.blocker_id, resolved_at__isnull=False)
    blocker = ends.order_by("from_position").first()
    number = delivery.attempts
    if blocker is not None:
        body, key = resolved_message(blocker), key_of(webhook)
        return DeliveryAttempt(delivery.pk, webhook.pk, number, webhook.url, delivery.message_id, key, body)
    projected, _ = read.projected_and_head(ProjectionName.STATE)
    this = WebhookDelivery.objects.filter(pk=delivery.pk)
    if projected < delivery.position:
        this.update(attempts=number - 1, due_at=Now() + PROJECTION_DELAY)
    else:
        this.update(status=DeliveryStatus.FAILED, attempted_at=Now(), error=GONE)
    return None


def record(attempt: DeliveryAttempt, outcome: PostOutcome) -> None:
    """Store the outcome of an attempt, and when the next one is due if it has failed."""
    this = WebhookDelivery.objects.filter(pk=attempt.delivery_id)
    if outcome.is_delivered:
        this.update(status=DeliveryStatus.DELIVERED, attempted_at=Now(), error="")
        return
    latest = this.filter(attempts=attempt.number, status=DeliveryStatus.WAITING)
    if outcome.is_gone:  # waits until a person turns the webhook on again
        turn_off_gone(attempt.webhook_id)
        latest.update(attempts=attempt.number - 1, due_at=Now(), attempted_at=Now(), error=outcome.words)
    elif attempt.number > len(DELAYS):
        latest.update(status=DeliveryStatus.FAILED, attempted_at=Now(), error=outcome.words)
    else:
        due_at = Now() + delay_after(attempt.number, outcome.retry_after_s)
        latest.update(due_at=due_at, attempted_at=Now(), error=outcome.words)


def delay_after(number: int, retry_after_s: float) -> timedelta:
    """Return the delay after a failed attempt: never less than the receiver asked for, up to a day."""
    delay = DELAYS[number - 1] * random.uniform(1, 1 + JITTER)  # noqa: S311 - not for secrets
    return max(delay, min(timedelta(seconds=retry_after_s), MAX_RETRY_AFTER))


def give_back(attempts: list[DeliveryAttempt]) -> None:
    """Make deliveries due again whose attempts were cut off by a shutdown: it is not known whether they arrived."""
    for attempt in attempts:
        same = WebhookDelivery.objects.filter(pk=attempt.delivery_id, attempts=attempt.number)
        same.filter(status=DeliveryStatus.WAITING).update(attempts=attempt.number - 1, due_at=Now())


def count_by_status() -> dict[str, int]:
    """Count all deliveries by status."""
    counted = dict(WebhookDelivery.objects.values_list("status").annotate(Count("pk")).order_by("status"))
    return {str(status): counted.get(status, 0) for status in DeliveryStatus}


def remove_old() -> None:
    """Remove deliveries that arrived KEPT_FOR ago. Failed ones are kept."""
    arrived = WebhookDelivery.objects.filter(status=DeliveryStatus.DELIVERED)
    arrived.filter(attempted_at__lt=Now() - KEPT_FOR).delete()
