"""A flood of unknown tokens is answered in front of Django; a valid token from the same address goes on."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from config.middleware.stranger_limit import StrangerLimit
from marcus_events.access import rate_limits, tokens
from marcus_events.core.problem import Problem

ADDRESS = "192.0.2.7"


@pytest.fixture
def valid(log: None) -> str:
    """A token that this process has not seen, while its address has used up its unknown ones."""
    with suppress(Problem):
        while True:
            rate_limits.check("stranger", ADDRESS, "guessed")
    return tokens.create("program", ["read"])


async def statuses(path: str, *secrets: str) -> list[int]:
    """What is answered with each token. The application answers 200."""
    found: list[int] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"status": 200})

    async def send(message: dict[str, Any]) -> None:
        if "status" in message:
            found.append(message["status"])

    for secret in secrets:
        headers = [(b"authorization", f"Bearer {secret}".encode())] if secret else []
        scope = {"type": "http", "method": "GET", "path": path, "client": (ADDRESS, 1), "headers": headers}
        await StrangerLimit(application)(scope, None, send)
    return found


async def test_an_unknown_token_goes_no_further_and_a_valid_one_does(valid: str) -> None:
    assert await statuses("/api/events", "mev_wrong", valid, valid, "mev_other", "") == [429, 200, 200, 429, 200]


async def test_who_has_guessed_little_is_answered_by_the_endpoint(valid: str) -> None:
    rate_limits.limiter.cache_clear()
    assert await statuses("/api/events", "mev_wrong") == [200]


async def test_pages_do_not_look_at_tokens(valid: str) -> None:
    assert await statuses("/boards/", "mev_wrong") == [200]
