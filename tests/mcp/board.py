"""A board with a task, and a person who replies to its blockers on the page."""

from __future__ import annotations

from typing import Any

import httpx

from tests.running_server import Running
from tests.waiting import wait_until

RESOLVED_TYPES = "blocker_resolved"


def publish_task(running: Running, board: str, task: str = "cart", **data: Any) -> None:
    """Publish a task, and wait until it is in the tables."""
    about = {"board_id": board, "board_name": f"The {board}"}
    data = {"task_id": task, "name": f"Build the {task}"} | data
    running.publish({"event_type": "task_created", "source": "planner", "data": data, "metadata": about})
    wait_until(lambda: read(running, "tasks", board)["tasks"])


def read(running: Running, what: str, board: str, **query: str) -> Any:
    headers = {"Authorization": f"Bearer {reader(running)}"}
    return httpx.get(f"{running.base_url}/api/{what}", params={"board": board} | query, headers=headers).json()


_readers: dict[int, str] = {}  # by the port of the application


def reader(running: Running) -> str:
    """Return a token that reads every board."""
    if running.port not in _readers:
        _readers[running.port] = running.create_token("reader")
    return _readers[running.port]


def open_blockers(running: Running, board: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read(running, "blockers", board)["blockers"]
    return found


def resolve(running: Running, board: str, task: str, resolution: str, **data: Any) -> None:
    """Resolve a task's blockers as a program does, which needs no time to undo."""
    about = {"task_id": task, "resolution": resolution} | data
    resolved = {"event_type": RESOLVED_TYPES, "source": "ci", "data": about, "metadata": {"board_id": board}}
    running.publish(resolved)


def reply(running: Running, blocker_id: int, answer: str) -> None:
    """Reply to a blocker on its page, as the administrator. It is sent when the time to undo it has passed."""
    with httpx.Client(base_url=running.base_url, follow_redirects=True, timeout=60) as person:
        running.sign_in_client(person)
        form = {"act": "answer", "answer": answer, "csrfmiddlewaretoken": person.cookies["csrftoken"]}
        person.post(f"/blocked/{blocker_id}/", data=form).raise_for_status()
