"""A walk over every address as five people: exactly the allowed answers, and no word of a board one may not see."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.test import Client

from marcus_events.blockers import actions
from marcus_events.core.event import utc_now
from marcus_events.models import RefusedRequest
from tests.access.boards import BOARD, IDS, MARK, OWN, PEOPLE, Places, people, publish_all, signed_in
from tests.access.table import ADMIN, DOORS_OF_ADMIN, PUBLIC, TABLE, routes

pytestmark = pytest.mark.usefixtures("log")
ROUTES = list(routes())
OUTSIDE = [route for route in ROUTES if not route.startswith(ADMIN)]


def test_every_address_is_in_the_table() -> None:
    assert set(OUTSIDE) == set(TABLE)


def test_everybody_is_answered_as_the_table_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "PROJECTION_TIMEOUT_S", 0.0)  # nobody brings the tables up to date here
    places, clients = publish_all(), people()
    names = asdict(places) | {"outsider": User.objects.get(username="outsider").pk}
    found, stated = [], []
    for route, row in TABLE.items():
        address = row.address.format(**names)
        for method, answers in (("get", row.get), ("post", row.post)):
            for name, answer in zip(PEOPLE, answers.split(), strict=True):
                client = clients[name] if route != "sign-out/" else afresh(name)
                response = getattr(client, method)(address, row.data if method == "post" else None)
                stated.append(f"{method} {address} {name} {answer}")
                found.append(f"{method} {address} {name} {answer_of(response)}")
    assert found == stated


def afresh(name: str) -> Client:
    """Signed in once more: who signs out is out."""
    return Client() if name == "stranger" else signed_in(User.objects.get(username=name))


def answer_of(response: Any) -> str:
    leads_to_the_door = response.status_code == 302 and re.match(r"/(sign-in|admin/login)/", response["Location"])
    return "in" if leads_to_the_door else str(response.status_code)


def test_no_answer_is_kept_by_a_browser_or_a_proxy_unless_it_is_the_same_for_everybody() -> None:
    places, clients = publish_all(), people()
    names = asdict(places) | {"outsider": User.objects.get(username="outsider").pk}
    kept = set()
    for name in ("stranger", "administrator"):
        for route, row in TABLE.items():
            client = clients[name] if route != "sign-out/" else afresh(name)
            for method in (client.get, client.post):
                if method(row.address.format(**names)).get("Cache-Control") != "private, no-store":
                    kept.add(route)
        for address in (
            "/admin/",
            "/admin/auth/user/",
            "/admin/auth/user/add/",
            "/nowhere/",
            "/admin/password_change/",
        ):
            assert clients[name].get(address)["Cache-Control"] == "private, no-store", address
    assert kept == PUBLIC


def test_djangos_admin_is_opened_by_administrators_alone() -> None:
    clients = people()
    for route in ROUTES:
        if route.startswith(ADMIN) and route not in DOORS_OF_ADMIN:
            address = "/" + re.sub(r"\(\?P<app_label>[^)]*\)|<[^>]*>", "1", route).replace("(?P<url>.*)$", "1")
            for name in PEOPLE[:-1]:
                assert answer_of(clients[name].get(address)) in ("in", "403"), f"{address} {name}"
    assert clients["administrator"].get("/admin/").status_code == 200


def test_nothing_of_a_board_is_told_to_who_may_not_see_it() -> None:
    places, clients = publish_all(), people()
    note_refusal()
    told = {address: body(clients["outsider"], address) for address in asking(places)}
    assert {address for address, text in told.items() if MARK in text} == set()
    plain = [address for address in told if BOARD not in address and "77" not in address]
    assert {address for address in plain if any(name in told[address] for name in IDS)} == set()


def test_the_same_is_told_to_who_may_see_it() -> None:
    """So that the walk before this one would find it."""
    publish_all()
    viewer = people()["viewer"]
    pages = ("/", "/boards/", "/activity/", "/activity/rows/?after=0", "/blocked/", "/agents/", "/alerts/")
    own = ("/agents/agent_77/?board=plot-7", "/agents/agent_both/?board=plot-7", "/health/?board=plot-7")
    readings = ("events", "boards", "tasks", "blockers?state=all", "agents", "counters")
    addresses = (
        *pages,
        *own,
        *(f"/api/{reading}" for reading in readings),
        "/activity/?q=seeds",
        "/api/events?q=seeds",
        "/find/?q=seed",
        "/find/?q=rain",
    )
    assert [address for address in addresses if MARK not in body(viewer, address)] == []


def asking(places: Places) -> Iterator[str]:
    """Whatever may be asked: of everything, of one's own, and of what one may not see, by every name it has."""
    pages = (
        "/",
        "/boards/",
        "/activity/",
        "/activity/rows/?after=0",
        "/blocked/",
        "/agents/",
        "/alerts/",
        "/alerts/missed/",
        "/history/",
        "/history/?columns=data.what,metadata.board_name",
        "/history/export/?format=jsonl",
        "/find/",
        f"/find/?recent=board%3Fboard%3D{BOARD}&recent=task%3Fboard%3D{BOARD}%26task%3Dt-77&recent=agent%3Fagent%3Dagent_77%26board%3D{BOARD}&recent=blocker%3Fid%3D{places.blocker}",
        *(f"/find/?q={text}" for text in ("z", "zqx", "seeds", "plot", "rain", "claude", "qxj", "of both")),
        "/history/export/?format=csv",
    )
    yield from (*pages, "/integrations/", "/people/", f"/boards/{OWN}/", f"/tasks/?board={OWN}&task={OWN}-2")
    yield from ("/health/", "/health/?board=plot-7")
    yield from (f"/activity/{places.own_position}/", f"/activity/{places.own_position}/narrow/")
    yield from (f"/blocked/{places.own_blocker}/", f"/blocked/{places.own_blocker}/state/")
    yield from (f"/activity/{places.boardless}/", f"/activity/{places.boardless}/narrow/")
    hidden = ("board=plot-7", "task=t-77", "agent=agent_77", "agent=agent_both", "board=plot-7&task=t-77")
    queries = (
        "seeds",
        "rain",
        "board:plot-7",
        "board_id:plot-7",
        "task:t-77",
        "agent:agent_77",
        "spade",
        "-board:garden",
    )
    for ask in (*hidden, "q=-board:garden"):
        yield from (f"{page}?{ask}" for page in ("/", "/activity/", "/agents/", "/blocked/", "/history/"))
    yield from (f"/activity/rows/?after=0&{ask}" for ask in (*hidden, *(f"q={query}" for query in queries)))
    yield from (f"{page}?q={query}" for page in ("/activity/", "/history/", "/find/") for query in queries)
    yield from (f"/history/complete/?word={field}:" for field in ("type", "source", "board", "task", "agent"))
    yield from (
        "/agents/agent_both/?board=garden",
        "/agents/agent_both/?board=plot-7",
        "/agents/agent_77/?board=plot-7",
    )
    yield from ("/agents/agent_both/", "/agents/agent_77/")
    yield from (f"/boards/{BOARD}/", "/tasks/?board=plot-7&task=t-77", "/tasks/?task=t-77")
    yield from (f"/activity/{places.position}/", f"/blocked/{places.blocker}/", f"/blocked/{places.blocker}/state/")
    yield from (f"/api/{name}" for name in ("boards", "tasks", "blockers?state=all", "agents", "counters", "events"))
    yield from (f"/api/{name}?as_of=7d&board=plot-7" for name in ("boards", "tasks", "blockers", "agents", "counters"))
    yield from (f"/api/tasks?as_of={places.position}", f"/api/events/{places.position}", "/api/events?q=seeds")
    yield from ("/api/events/wait?timeout=0&after=0&task=t-77", "/api/events?agent=agent_both", "/readyz", "/metrics")


def body(client: Client, address: str) -> str:
    return whole(client.get(address)).decode().lower()


def whole(response: Any) -> bytes:
    """Also of an export, which is sent part by part."""

    async def parts() -> bytes:
        return b"".join([part async for part in response])

    return async_to_sync(parts)() if response.streaming else response.content


def note_refusal() -> None:
    at = {"first_at": utc_now(), "last_at": utc_now()}
    RefusedRequest.objects.create(
        status=422, reason="zqxwkvj", address="zqxwkvj", prefix="", method="GET", path="/", count=1, **at
    )


@pytest.mark.parametrize(
    "address", ["/boards/{}/", "/tasks/?board={}&task=t", "/activity/{}/", "/blocked/{}/", "/blocked/{}/state/"]
)
def test_what_one_may_not_see_is_missing_in_the_same_words_as_what_is_not_there(address: str) -> None:
    places, clients = publish_all(), people()
    hidden = BOARD if "board" in address else places.position if "activity" in address else places.blocker
    there, not_there = (clients["outsider"].get(address.format(name)) for name in (hidden, 999_999))
    assert there.status_code == not_there.status_code == 404
    assert words_of(there, hidden) == words_of(not_there, 999_999)


def words_of(response: Any, name: str | int) -> str:
    """Without the id that was asked for, and the form token, which is drawn anew for each page."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode()).replace(str(name), "?")


def test_a_check_of_an_event_names_nothing_that_one_may_not_see() -> None:
    publish_all()
    stated = {"event_type": "task_progress", "source": "marcus", "data": {"task_id": "t-77", "agent_id": "agent_77"}}
    pasted = {"event": json.dumps(stated | {"metadata": {"board_id": BOARD}})}
    clients = people()
    answers = {name: clients[name].post("/integrations/check/", pasted).content.decode().lower() for name in PEOPLE[1:]}
    assert [name for name, text in answers.items() if MARK in text.partition("checked")[2]] == [
        "viewer",
        "manager",
        "administrator",
    ]


def test_acts_on_other_boards_are_of_nothing() -> None:
    """A manager of one board is nobody on another."""
    places, clients = publish_all(), people()
    for act in ("acknowledge", "assign", "snooze", "answer", "withdraw"):
        response = clients["manager"].post(f"/blocked/{places.own_blocker}/", {"act": act, "answer": "Mine"})
        assert response.status_code == 404, act
