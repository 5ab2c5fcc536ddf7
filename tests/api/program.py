"""A program that uses the API through Django's request cycle."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from marcus_events.projections import PROJECTIONS, catch_up

Event = dict[str, Any]


class Program:
    """Sends its token with each request; without one it is a stranger."""

    def __init__(self, token: str | None) -> None:
        self.token = token
        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(path, query, headers=self.headers)

    def read(self, path: str, **query: Any) -> Any:
        """Return the body of a successful response."""
        response = self.get(path, **query)
        assert response.status_code == 200, response.content
        return response.json()

    def post(self, body: object, content_type: str = "application/json", **headers: str) -> Any:
        """Post `body` as JSON; text and bytes are sent unchanged."""
        raw = body if isinstance(body, str | bytes) else json.dumps(body)
        return self.client.post("/api/events", raw, content_type, headers=self.headers | headers)

    def publish(self, *stated: Event) -> None:
        """Publish, and bring the projections up to date."""
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
    """Assert that the response is this problem, as RFC 9457 defines it."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert (body["status"], bool(body["title"])) == (status, True)
    assert detail in body["detail"], body["detail"]
    return body
