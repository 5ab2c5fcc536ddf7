"""The addresses that tell the present and the past."""

from __future__ import annotations

from typing import Any

from marcus_events.api.description import examples
from marcus_events.api.description.operations import JSON, answered, content, reading
from marcus_events.api.description.schemas import ref
from marcus_events.api.state import SERIES_MINUTES, TAKES

SINCE = "Without `as_of` this tells the present, which follows the log within moments."


def telling(name: str, described: str, example: dict[str, Any], **shown: Any) -> dict[str, Any]:
    address = f"/api/{name}"
    operation = reading(
        f"read{name.title()}",
        address,
        name.title(),
        f"{described} {SINCE}",
        tag="Present and past",
        parameters=TAKES[name],
        shown=shown,
        answers={"200": answered(f"The {name}.", content(JSON, ref(name.title()), example))},
    )
    return {address: {"get": operation}}


PATHS: dict[str, Any] = {
    **telling(
        "boards", "The boards, with how many tasks are in which status.", {"boards": [examples.BOARD], "next": None}
    ),
    **telling("tasks", "The tasks.", {"tasks": [examples.TASK], "next": None}, board="shop"),
    **telling(
        "blockers",
        "What holds tasks up: what is open, unless `state` says otherwise.",
        {"blockers": [examples.BLOCKER], "next": None},
        state="open",
    ),
    **telling("agents", "The agents, and what each is at.", {"agents": [examples.AGENT], "next": None}, board="shop"),
    **telling(
        "counters",
        f"How many events there are by type and category, and in each of the {SERIES_MINUTES} minutes up to the "
        "moment, by the producers' clocks. Events of boards that were removed are not counted.",
        examples.COUNTERS,
        as_of="2h",
    ),
}
