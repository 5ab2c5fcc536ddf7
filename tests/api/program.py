"""A program that speaks to the API over Django's own request cycle, as any would over HTTP."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from marcus_events.projections import PROJECTIONS, catch_up

Event = dict[str, Any]


class Program:
    """Sends its token with each request; with None it is a stranger."""

    def __init__(self, token: str | None) -> None:
        self.token = token
        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(path, query, headers=self.headers)

    def read(self, path: str, **query: Any) -> Any:
        """The answer, which has to be a good one."""
        response = self.get(path, **query)
        assert response.status_code == 200, response.content
        return response.json()

    def post(self, body: object, content_type: str = "application/json", **headers: str) -> Any:
        """`body` as JSON, or as it is where it is text or bytes already."""
        raw = body if isinstance(body, str | bytes) else json.dumps(body)
        return self.client.post("/api/events", raw, content_type, headers=self.headers | headers)

    def publish(self, *stated: Event) -> None:
        """Publish, and bring the tables of the present up to date."""
        response = self.post(list(stated))
        assert response.status_code == 201, response.content
        assert response.json()["rejected"] == 0, response.content
        catch_up(PROJECTIONS)


def event(event_type: str = "task_started", event_id: str | None = None, *, board: str = "shop", **data: Any) -> Event:
    stated: Event = {"event_type": event_type, "source": "agent_1", "data": data}
    stated |= {"metadata": {"board_id": board, "board_name": f"The {board}"}} if board else {}
    return stated | ({"event_id": event_id} if event_id else {})


def at(moment: str, stated: Event) -> Event:
    return stated | {"timestamp": moment}


def assert_problem(response: Any, status: int, detail: str) -> dict[str, Any]:
    """The response is this problem, and says so in the way of RFC 9457."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert (body["status"], bool(body["title"])) == (status, True)
    assert detail in body["detail"], body["detail"]
    return body
