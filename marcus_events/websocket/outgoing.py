"""What is said to a program: every frame that there is, as JSON."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from marcus_events.core.event import utc_now
from marcus_events.core.problem import Problem
from marcus_events.http import publish_items
from marcus_events.ingest import Receipt

MOST_SENT = 1024 * 1024  # bytes; servers refuse to send a message of more, and the connection is silent from then on


def subscribed(name: str, after: int, epoch: UUID) -> str:
    return frame("subscribed", id=name, after=after, epoch=str(epoch))


def unsubscribed(name: str) -> str:
    return frame("unsubscribed", id=name)


def event(name: str, text: str) -> str:
    """`text` is the event's JSON: it is made once, and put into the frames of all who are sent it."""
    return f'{{"type": "event", "id": {json.dumps(name)}, "event": {text}}}'


def caught_up(name: str, head: int) -> str:
    return frame("caught_up", id=name, head=head)


def gap(name: str, after: int, oldest: int) -> str:
    """The positions after `after` and before `oldest` are not kept any more."""
    return frame("gap", id=name, missed=oldest - 1 - after, **{"from": after + 1, "to": oldest - 1})


def reset(name: str, after: int, epoch: UUID) -> str:
    return frame("reset", id=name, after=after, epoch=str(epoch))


def heartbeat(head: int | None, positions: dict[str, int]) -> str:
    return frame("heartbeat", head=head, at=utc_now().isoformat(), positions=positions)


def published(name: str | None, receipts: list[Receipt], *, is_batch: bool, place: str) -> str:
    """Where the answer would be too large to send, it leaves out what the program knows and where a mistake is."""
    answer = publish_items.answer(receipts, is_batch=is_batch, place=place)
    text = frame("published", id=name, **answer)
    if len(text) > MOST_SENT:
        short = [{key: result[key] for key in ("position", "status", "code")} for result in answer["results"]]
        text = frame("published", id=name, **answer | {"results": short})
    return text


def error(name: str | None, problem: Problem) -> str:
    wait = {} if problem.retry_after_s is None else {"retry_after_s": problem.retry_after_s}
    return frame("error", id=name, code=problem.status.value, detail=problem.detail, **problem.more | wait)


def frame(kind: str, **fields: Any) -> str:
    """In ASCII: what a program said may be repeated in an error, and not everything it says can be encoded."""
    return json.dumps({"type": kind} | fields)
