"""GET /api/events/wait: the next event that matches, as soon as there is one.

A waiting request holds no database connection. The answer says up to which position the log was searched: a request
that continues from there misses nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from marcus_events.access.open_connections import ConnectionSlots
from marcus_events.access.visibility import Visibility
from marcus_events.api import negotiation, query_fields
from marcus_events.api.endpoint import answering, permitted, refused, visibility_in
from marcus_events.api.events import searched
from marcus_events.api.query_fields import AFTER, AFTER_EVENT, TIMEOUT, check_known, filter_from
from marcus_events.blockers import waiting
from marcus_events.core.event import RecordedEvent
from marcus_events.core.filters import EventFilter
from marcus_events.core.problem import Problem
from marcus_events.http import cloudevents
from marcus_events.http.either_mode import end_turn
from marcus_events.live.hub import get_hub
from marcus_events.log import identities, read
from marcus_events.models import Token

TAKES = (*query_fields.OF_EVENTS, AFTER, AFTER_EVENT, TIMEOUT)


@dataclass(frozen=True)
class Wanted:
    filter: EventFilter
    after: int
    timeout_s: int
    program: Token | None  # that asks for the answer to a blocker, where this is noted
    token_id: int | None
    user_id: int | None  # of a person, who waits with a session

    def take_place(self, places: ConnectionSlots) -> None:
        """Raises Problem."""
        if self.token_id is not None:
            places.take_for_program(self.token_id)
        else:
            places.take("user", str(self.user_id))

    async def note_awaited(self) -> None:
        if self.program:
            await off_the_loop(waiting.record_awaited, self.filter, self.program, self.timeout_s)

    async def note_seen(self, event: RecordedEvent | None) -> None:
        if self.program and event is not None:
            await off_the_loop(waiting.record_seen, event, self.program)


@dataclass(frozen=True)
class WaitResult:
    event: RecordedEvent | None
    head: int  # everything up to here was looked at

    def response(self, request: HttpRequest) -> HttpResponse:
        if negotiation.wants(request, cloudevents.STRUCTURED):
            return self.cloudevent(request)
        return JsonResponse({"event": self.event.to_dict() if self.event else None, "head": self.head})

    def cloudevent(self, request: HttpRequest) -> HttpResponse:
        """Answers 204 if no event came: no CloudEvent can say so."""
        nothing = HttpResponse(status=HTTPStatus.NO_CONTENT)
        response = negotiation.one(request, self.event) if self.event else nothing
        response["Marcus-Head"] = str(self.head)
        return response


async def wait(request: HttpRequest) -> HttpResponse:
    try:
        wanted = await off_the_loop(wanted_by, request)
        found = await off_the_loop(look, wanted.filter, wanted.after)
        if found.event is None and wanted.timeout_s:
            with ConnectionSlots() as places:
                wanted.take_place(places)
                await wanted.note_awaited()
                end_turn(request)
                found = await wait_for(wanted, found)
        await wanted.note_seen(found.event)
        answer: HttpResponse = found.response(request)
    except Problem as problem:
        answer = refused(request, problem)
    return answer


async def off_the_loop(function: Any, *values: Any) -> Any:
    """Runs the function in a thread, and returns its database connection to the pool at once: a wait may be long."""
    return await sync_to_async(let_go)(function, *values)


def let_go(function: Any, *values: Any) -> Any:
    try:
        return answering("GET", "/api/events/wait", function, *values)
    finally:
        connection.close()


def wanted_by(request: HttpRequest) -> Wanted:
    token = permitted(request, "read")
    check_known(request, TAKES)
    timeout_s = TIMEOUT.of(request)
    visibility = visibility_in(request, token)
    wanted = filter_from(request, visibility)
    program = token if waiting.is_recordable(token, wanted) else None
    ids = (token.pk, None) if token else (None, request.user.pk)
    return Wanted(wanted, after_of(request, visibility), timeout_s, program, *ids)


def after_of(request: HttpRequest, visibility: Visibility) -> int:
    """The position to wait after: the one stated, that of an event, or the newest.

    An event that the caller may not see is treated as one that does not exist, and does not hide a visible event that
    has the same id.
    """
    if event_id := AFTER_EVENT.of(request):
        found = identities.by_event_id(event_id, boards=visibility.boards)
        if found is None or not visibility.shows(found):
            raise Problem(HTTPStatus.NOT_FOUND, f"Event {event_id} does not exist.")
        return found.position
    stated = AFTER.of(request)
    return read.head().position if stated is None else stated


def look(wanted: EventFilter, after: int) -> WaitResult:
    """Searches once. The head is read first, so an event that arrives meanwhile is found by the next search."""
    head = read.head().position
    found = searched(wanted, after=after, limit=1, newest_first=False).events
    return WaitResult(found[0], found[0].position) if found else WaitResult(None, max(head, after))


async def wait_for(wanted: Wanted, found: WaitResult) -> WaitResult:
    """Searches again whenever the hub reports a match, or reports that it missed events."""
    try:
        async with asyncio.timeout(wanted.timeout_s), get_hub().subscribe(wanted.filter.matches) as subscription:
            found = await off_the_loop(look, wanted.filter, found.head)
            frames = aiter(subscription)
            while found.event is None:
                frame = await anext(frames)
                if frame.events or frame.missed:
                    found = await off_the_loop(look, wanted.filter, found.head)
    except TimeoutError:
        pass
    return found
