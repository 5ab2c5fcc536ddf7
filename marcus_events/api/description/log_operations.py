"""The addresses that read the log."""

from __future__ import annotations

from typing import Any

from marcus_events.api.description import examples
from marcus_events.api.description.operations import JSON, answered, content, reading
from marcus_events.api.description.responses import header
from marcus_events.api.description.schemas import ref
from marcus_events.api.query_fields import OF_EVENTS
from marcus_events.http.cloudevents import BATCH, STRUCTURED

TAG = "Read"
PAGES = """\
Unless the page is the last, `next` is the position to continue from: pass it as `before` for newest first, or as \
`after` for oldest first. Positions never change, so pages stay consistent while events arrive. With `Accept: \
application/cloudevents-batch+json` the response is an array of CloudEvents, with the next page in the `Link` header."""
WAITING = """\
Responds as soon as an event matches, or with `"event": null` after the timeout (204 if `Accept` asks for a \
CloudEvent). `after` or `after_event` sets the start; without either, the request waits for new events. To miss no \
events, repeat the request with `after` set to `head`.

When a token with the scope `publish` waits for the `blocker_resolved` of a task on its boards, the log records that \
it is waiting (`answer_awaited`) and that it received the reply (`answer_seen`). Nothing is recorded for others."""

PATHS: dict[str, Any] = {
    "/api/events": {
        "get": reading(
            "readEvents",
            "/api/events",
            "Read events",
            f"An event must match all parameters. {PAGES}",
            tag=TAG,
            parameters=(*OF_EVENTS, "after", "before", "order", "limit"),
            shown={"type": "task_*", "board": "Storefront", "limit": 20},
            answers={
                "200": answered(
                    "A page of the log.",
                    content(JSON, ref("Page"), {"events": [examples.RECORDED], "next": 4, "head": 6}),
                    content(
                        BATCH, {"type": "array", "items": ref("RecordedCloudEvent")}, [examples.RECORDED_CLOUDEVENT]
                    ),
                    Marcus_Head=header("MarcusHead"),
                    Link=header("Link"),
                )
            },
        )
    },
    "/api/events/{position}": {
        "get": reading(
            "readEvent",
            "/api/events/{position}",
            "Read one event",
            "Reads an event by position. Responds with 404 if the token has no access to the event's board.",
            tag=TAG,
            parameters=("position",),
            shown={},
            answers={
                "200": answered(
                    "The event.",
                    content(JSON, ref("Event"), examples.RECORDED),
                    content(STRUCTURED, ref("RecordedCloudEvent"), examples.RECORDED_CLOUDEVENT),
                )
            },
            more=("NotFound",),
        )
    },
    "/api/events/wait": {
        "get": reading(
            "waitForEvent",
            "/api/events/wait",
            "Wait for the next event",
            WAITING,
            tag=TAG,
            parameters=(*OF_EVENTS, "after", "after_event", "timeout"),
            shown={"type": "task_blocked", "after": 3, "timeout": 20},
            answers={
                "200": answered(
                    "The matching event, or null.",
                    content(JSON, ref("Next"), {"event": examples.RECORDED, "head": 4}),
                    content(STRUCTURED, ref("RecordedCloudEvent"), examples.RECORDED_CLOUDEVENT),
                    Marcus_Head=header("MarcusHead"),
                ),
                "204": {
                    "description": "No event matched before the timeout.",
                    "headers": {"Marcus-Head": header("MarcusHead")},
                },
            },
            more=("NotFound",),
        )
    },
}
