"""The addresses that tell the present and the past."""

from __future__ import annotations

from typing import Any

from marcus_events.api.description import examples
from marcus_events.api.description.operations import JSON, answered, content, reading
from marcus_events.api.description.schemas import ref
from marcus_events.api.state_endpoints import SERIES_MINUTES

SINCE = "Without `as_of`, returns the current state, which follows the log within moments."


def telling(name: str, described: str, example: dict[str, Any], *parameters: str, **shown: Any) -> dict[str, Any]:
    address = f"/api/{name}"
    paged = ("rows", "cursor") if "next" in example else ()
    operation = reading(
        f"read{name.title()}",
        address,
        name.title(),
        f"{described} {SINCE}",
        tag="Present and past",
        parameters=("board", "as_of", *parameters, *paged),
        shown=shown,
        answers={"200": answered(f"The {name}.", content(JSON, ref(name.title()), example))},
    )
    return {address: {"get": operation}}


PATHS: dict[str, Any] = {
    **telling("boards", "Boards with the number of tasks by status.", {"boards": [examples.BOARD], "next": None}),
    **telling("tasks", "Tasks.", {"tasks": [examples.TASK], "next": None}, "external", "sync", board="shop"),
    **telling(
        "blockers",
        "Blockers: open ones, unless `state` says otherwise.",
        {"blockers": [examples.BLOCKER], "next": None},
        "state",
        state="open",
    ),
    **telling(
        "agents", "Agents with their status and current task.", {"agents": [examples.AGENT], "next": None}, board="shop"
    ),
    **telling(
        "counters",
        f"Numbers of events by type and category, and in each of the last {SERIES_MINUTES} minutes, "
        "by the producers' clocks. Events of removed boards are not counted.",
        examples.COUNTERS,
        as_of="2h",
    ),
}
