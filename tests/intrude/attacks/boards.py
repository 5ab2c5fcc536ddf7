"""Attacks on other boards with a token or account of one board."""

from __future__ import annotations

from tests.intrude.attack import attack, check
from tests.intrude.target import Target, event

SECRET = "wqzxkv"  # occurs nowhere else


@attack("A token of one board reads nothing of another")
def read_another_board(target: Target) -> int:
    target.publish(event("task_blocked", board="vault", data={"task_id": "t1", "description": SECRET}))
    with target.token_client("read", boards=["shop"]) as program:
        asked = [
            *(f"/api/{name}" for name in ("events", "boards", "tasks", "blockers", "agents", "counters")),
            f"/api/events?q={SECRET}",
            "/api/events?board=vault",
            "/api/events/1",
            "/api/events/wait?timeout=0&after=0&task=t1",
        ]
        for path in asked:
            check(SECRET not in program.get(path).text, f"{path} tells of another board")
    return len(asked)
