"""/api/asyncapi.json is true: its examples and a real conversation are as its schemas say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from jsonschema import Draft202012Validator

from marcus_events.api.asyncapi import ADDRESS, description
from marcus_events.websocket import subscriptions
from marcus_events.websocket.examples import EXAMPLES
from marcus_events.websocket.routing import websocket_urlpatterns
from marcus_events.websocket.schemas import INCOMING, OUTGOING, SUMMARIES
from tests.audit.reading import behind_the_back
from tests.websocket.conversation import bearer, connected_program, publish
from tests.websocket_line import in_thread


def check(name: str, frame: dict[str, Any]) -> None:
    schema = (INCOMING | OUTGOING)[name]
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(frame)
    assert set(frame) <= set(schema["properties"]), "a field that is not described"


def test_it_is_told_to_everybody_and_holds_together(db: None) -> None:
    told = Client().get("/api/asyncapi.json").json()
    assert (told["asyncapi"], told["channels"]["events"]["address"]) == ("3.0.0", ADDRESS)
    for ref in refs(told):
        found = told
        for step in ref.removeprefix("#/").split("/"):
            found = found[step]


def refs(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from [value["$ref"]] if "$ref" in value else []
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from refs(item)


def test_every_frame_is_described_once_by_a_schema_a_summary_and_an_example() -> None:
    assert set(EXAMPLES) == set(SUMMARIES) == set(INCOMING | OUTGOING)
    assert f"/{websocket_urlpatterns[0].pattern}" == ADDRESS
    for name, schema in (INCOMING | OUTGOING).items():
        Draft202012Validator.check_schema(schema)
        check(name, EXAMPLES[name])


def test_the_limits_in_it_are_those_of_the_code() -> None:
    text = description()["info"]["description"]
    assert all(limit in text for limit in ("1 MiB", "50 subscriptions", "20 invalid frames", "every 5 s"))


@pytest.mark.usefixtures("hub")
async def test_a_real_conversation_is_as_described(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "HEARTBEAT_S", 0.2)
    said: list[dict[str, Any]] = [
        {
            "action": "publish",
            "id": "p1",
            "events": [EXAMPLES["publish"]["events"][0], {"event_type": "x", "source": "s"}],
        },
        {"action": "publish", "event": EXAMPLES["publish"]["events"][0]},
        {"action": "subscribe", "id": "a", "pattern": ["*"], "q": "-type:y", "after": 0},
        {"action": "subscribe", "id": "b", "board": "shop", "after": 1_000},
    ]
    await publish("task_started", "task_started", "task_blocked")
    await in_thread(shorten)
    async with connected_program(bearer(token)) as program:
        for frame in said:
            check(frame["action"], frame)
            await program.ask(**frame)
        for kind in ("gap", "event", "caught_up", "reset", "heartbeat"):
            if kind not in program.frame_types():
                await program.until(kind)
        await program.ask(action="unsubscribe", id="a")
        for wrong in ({"action": "unsubscribe", "id": "a"}, {"action": "publish", "events": []}, {}):
            await program.ask(**wrong)
    for frame in program.frames:
        check(frame["type"], frame)
    assert set(OUTGOING) == {frame["type"] for frame in program.frames}


def shorten() -> None:
    behind_the_back("event", "DELETE FROM event WHERE position = 1")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE log_head SET oldest = 2")
