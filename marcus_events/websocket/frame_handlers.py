"""Does what a program's frame asks for, and answers it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import TypeVar
from uuid import UUID

from marcus_events.core.filters import EventFilter
from marcus_events.core.problem import Problem
from marcus_events.http import publish_items, query_params
from marcus_events.http.worker_threads import DATABASE_ERRORS, SOCKET_THREADS, run_in_thread, unavailable
from marcus_events.log import read
from marcus_events.log.read import Head
from marcus_events.websocket import outgoing
from marcus_events.websocket.connections import Peer
from marcus_events.websocket.incoming import IncomingFrame, Publish, Subscribe, Unsubscribe
from marcus_events.websocket.replay import shared_filter
from marcus_events.websocket.subscriptions import LogSubscription, Say, SubscriptionSender

MAX_SUBSCRIPTIONS = 50  # of a connection
NO_LOG = UUID(int=2**128 - 1)  # no log's epoch
PATH = "/ws/events/"
Result = TypeVar("Result")


async def answer(
    frame: IncomingFrame, peer: Peer, following: SubscriptionSender, say: Say, *, is_large: bool = False
) -> None:
    """Raises Problem."""
    match frame:
        case Subscribe():
            await subscribe(frame, peer, following, say)
        case Unsubscribe():
            await unsubscribe(frame, following, say)
        case Publish():
            await publish(frame, peer, say, is_large=is_large)


async def subscribe(frame: Subscribe, peer: Peer, following: SubscriptionSender, say: Say) -> None:
    peer.check_may_read()
    check_room(frame, following)
    subscription, head = await asked(partial(subscription_of, frame, peer))
    await say(outgoing.subscribed(frame.id, subscription.position, head.epoch), None)
    following.subscriptions[frame.id] = subscription
    following.news.set()


def check_room(frame: Subscribe, following: SubscriptionSender) -> None:
    if frame.id in following.subscriptions:
        raise query_params.invalid_parameter("id", "is already used by another subscription")
    if len(following.subscriptions) >= MAX_SUBSCRIPTIONS:
        detail = f"A connection can have at most {MAX_SUBSCRIPTIONS} subscriptions. End one or open another connection."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, limit="subscriptions")


def subscription_of(frame: Subscribe, peer: Peer) -> tuple[LogSubscription, Head]:
    """A position beyond the head belongs to another log, whatever its epoch says."""
    head = read.head()
    after = head.position if frame.after is None else frame.after
    epoch = NO_LOG if after > head.position else frame.epoch or head.epoch
    wanted = shared_filter(filter_of(frame, peer))
    return LogSubscription(frame.id, wanted, after, epoch, head.position, from_now=frame.after is None), head


def filter_of(frame: Subscribe, peer: Peer) -> EventFilter:
    wanted = query_params.parse_query(frame.q).with_term("type", *frame.pattern)
    return query_params.restrict_to_boards(wanted, frame.board, peer.visibility)


async def unsubscribe(frame: Unsubscribe, following: SubscriptionSender, say: Say) -> None:
    if (subscription := following.subscriptions.pop(frame.id, None)) is None:
        raise query_params.invalid_parameter("id", "does not match a subscription")
    subscription.has_ended = True
    await say(outgoing.unsubscribed(frame.id), None)


async def publish(frame: Publish, peer: Peer, say: Say, *, is_large: bool) -> None:
    try:
        receipts = await publish_items.publish(
            frame.items, publish_items.native_event, peer.publisher(), aside=is_large
        )
    except DATABASE_ERRORS as error:
        raise unavailable(error) from error
    publish_items.record_rejected(receipts, peer.caller, "WS", PATH)
    publish_items.record_warnings(receipts, peer.caller, "WS", PATH)
    await say(outgoing.published(frame.id, receipts, is_batch=frame.is_batch, place=frame.place), None)


async def asked(work: Callable[[], Result]) -> Result:
    """Runs the work in a thread. Raises Problem if the database is unavailable."""
    try:
        return await run_in_thread(SOCKET_THREADS, work)
    except DATABASE_ERRORS as error:
        raise unavailable(error) from error
