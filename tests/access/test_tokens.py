"""A walk over the API as every kind of token: exactly the allowed answers, and no word of another board."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from marcus_events.access import tokens
from marcus_events.core.event import utc_now
from marcus_events.models import Token
from tests.access.boards import BOARD, MARK, OWN, publish_all
from tests.access.table import BY_TOKEN, TABLE, TOKENS, routes

pytestmark = pytest.mark.usefixtures("log")
EVENT = {
    "event_type": "task_progress",
    "source": "agent_7",
    "data": {"task_id": "t-77"},
    "metadata": {"board_id": BOARD},
}


def secrets() -> dict[str, str]:
    """A token of each kind by the name that the table gives it."""
    made = {
        "publisher": tokens.create("publisher", ["publish"]),
        "reader": tokens.create("reader", ["read"]),
        "outsider": tokens.create("outsider", ["publish", "read"], [OWN]),
        "member": tokens.create("member", ["publish", "read"], [BOARD]),
        "impostor": tokens.create("impostor", ["publish", "read"], [BOARD], ["planner"]),
        "revoked": tokens.create("revoked", ["publish", "read"]),
        "expired": tokens.create("expired", ["publish", "read"]),
    }
    tokens.revoke("revoked")
    Token.objects.filter(name="expired").update(expires_at=utc_now() - timedelta(seconds=1))
    return made | {"none": "", "unknown": tokens.PREFIX + "x" * 43}


def ask(secret: str, method: str, address: str) -> Any:
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    if method == "post":
        return Client().post(address, EVENT, content_type="application/json", headers=headers)
    return Client().get(address, headers=headers)


def test_every_address_of_the_api_is_in_the_table() -> None:
    assert {route for route in routes() if route.startswith("api")} == set(BY_TOKEN)


def test_every_kind_of_token_is_answered_as_the_table_says() -> None:
    names, made = asdict(publish_all()), secrets()
    found, stated = [], []
    for route, answers in BY_TOKEN.items():
        address = TABLE[route].address.format(**names)
        for method, row in (("get", answers.get), ("post", answers.post)):
            for kind, answer in zip(TOKENS, row.split(), strict=True):
                stated.append(f"{method} {address} {kind} {answer}")
                found.append(f"{method} {address} {kind} {ask(made[kind], method, address).status_code}")
    assert found == stated


def test_a_token_of_another_board_is_told_nothing_of_this_one() -> None:
    names, made = asdict(publish_all()), secrets()
    plain = [TABLE[route].address.format(**names).partition("?")[0] for route in BY_TOKEN]
    asked = [*(TABLE[route].address.format(**names) for route in BY_TOKEN), *plain, "/api/events?q=seeds"]
    told = {address: ask(made["outsider"], "get", address) for address in asked if "wait" not in address}
    assert {address for address, answer in told.items() if MARK in answer.content.decode().lower()} == set()
    assert MARK in ask(made["member"], "get", "/api/events").content.decode().lower(), "nothing was looked for"


def test_a_session_beside_a_token_adds_nothing_to_it(admin_client: Client) -> None:
    publish_all()
    answer = admin_client.get(
        f"/api/events?board={BOARD}", headers={"Authorization": f"Bearer {secrets()['outsider']}"}
    )
    assert answer.status_code == 403
