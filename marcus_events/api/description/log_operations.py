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
Where a page is not the last, `next` is the position to go on from: as `before` when newest first, as `after` when \
oldest first. Positions do not move, so pages stay true while events arrive. With `Accept: application/\
cloudevents-batch+json` the answer is an array of CloudEvents, and the way on stands in the header `Link`."""
WAITING = """\
Answers as soon as an event matches, and with `"event": null` when there was none in time; as a CloudEvent, asked for \
by `Accept`, with 204. `after` or `after_event` says where to begin; without either it waits for what is published \
from now on. Asking again with `after` set to `head` misses nothing.

A token that may publish and waits for the `blocker_resolved` of a task is noted as waiting (`answer_awaited`), and as \
having seen the answer (`answer_seen`), on its boards. Of anybody else nothing is noted."""

PATHS: dict[str, Any] = {
    "/api/events": {
        "get": reading(
            "readEvents",
            "/api/events",
            "Read events",
            f"All parameters have to hold together. {PAGES}",
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
            "By its position. To a token of other boards it is not there.",
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
                    "The event that came, or null.",
                    content(JSON, ref("Next"), {"event": examples.RECORDED, "head": 4}),
                    content(STRUCTURED, ref("RecordedCloudEvent"), examples.RECORDED_CLOUDEVENT),
                    Marcus_Head=header("MarcusHead"),
                ),
                "204": {"description": "None came in time.", "headers": {"Marcus-Head": header("MarcusHead")}},
            },
            more=("NotFound",),
        )
    },
}
