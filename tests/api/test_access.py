"""Who may do what. Without a token nothing; with one only what it is for; a session reads and never writes."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from marcus_events.access import tokens
from marcus_events.core.event import utc_now
from marcus_events.log import read
from marcus_events.models import Token
from tests.api.program import Program, assert_problem, event
from tests.dashboard.conftest import may

READS = (
    *(
        "/api/events",
        "/api/events/1",
        "/api/events/wait?timeout=0",
        "/api/boards",
        "/api/tasks",
        "/api/blockers",
        "/api/agents",
        "/api/counters",
    ),
)
# They tell what the API does, and nothing of what is in the log.
OPEN = ("/api/openapi.json", "/api/docs", "/api/asyncapi.json")


@pytest.fixture
def filled(program: Program) -> Program:
    """Two boards, each with a task, a blocker and an agent."""
    for board in ("shop", "billing"):
        program.publish(
            event("task_created", board=board, task_id=f"{board}-1", agent_id=f"agent_{board}"),
            event("task_blocked", board=board, task_id=f"{board}-1", agent_id=f"agent_{board}"),
        )
    return program


def person(is_active: bool = True) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(may(User.objects.create_user("ann", is_active=is_active), "see_every_board"))
    return client


def test_a_stranger_reads_nothing(filled: Program) -> None:
    for response in map(Program(None).get, READS):
        assert_problem(response, 401, "Send a token in the header: Authorization: Bearer TOKEN")
        assert response["WWW-Authenticate"] == 'Bearer realm="Marcus Events"'


def test_a_stranger_publishes_nothing(filled: Program) -> None:
    assert_problem(Program(None).post(event()), 401, "Send a token")
    assert read.head().position == 4


@pytest.mark.parametrize(
    "header",
    [
        "Bearer mev_wrong",
        "Bearer x",
        "Basic YTpi",
        "mev_wrong",
        "Bearer a b",
        "Bearer \xff",
        "Digest {}",
        "Token {}",
        "{}",
    ],
)
def test_what_is_not_a_token_opens_nothing(filled: Program, header: str) -> None:
    stranger = Program(None)
    stranger.headers = {"Authorization": header.format(filled.token)}
    for response in (stranger.post(event()), *map(stranger.get, READS)):
        assert response.status_code == 401, response.content
    assert read.head().position == 4


def test_a_revoked_token_opens_nothing_and_looks_like_an_unknown_one(filled: Program) -> None:
    tokens.revoke("program")
    for path in READS:
        assert_problem(filled.get(path), 401, "Unknown token: it was revoked or belongs to another log.")
        assert filled.get(path).content == Program("mev_unknown").get(path).content
    assert_problem(filled.post(event()), 401, "Unknown token: it was revoked or belongs to another log.")


def test_an_expired_token_opens_nothing_and_is_told_so(filled: Program) -> None:
    ended = utc_now() - timedelta(seconds=1)
    Token.objects.update(expires_at=ended)
    tokens.clear_cache()  # a process hears of the change a moment later
    for response in (filled.post(event()), *map(filled.get, READS)):
        assert_problem(response, 401, f"This token expired at {ended.isoformat()}")
    assert read.head().position == 4


def test_a_token_that_will_expire_opens_what_it_is_for(filled: Program) -> None:
    Token.objects.update(expires_at=utc_now() + timedelta(hours=1))
    tokens.clear_cache()
    assert filled.post(event()).status_code == 201


@pytest.mark.parametrize("source", ["agent_2", "marcus", "xagent_1", "AGENT_1", "agent_1 "])
def test_a_token_speaks_for_no_other_source(filled: Program, source: str) -> None:
    mine = Program(tokens.create("s", sources=["agent_1", "ci-*"]))
    body = assert_problem(
        mine.post(event() | {"source": source}), 403, "this token may only use the sources agent_1 and ci-*"
    )
    assert (body["results"][0]["code"], body["results"][0]["pointer"]) == (403, "/source")
    cloudevent = {"specversion": "1.0", "id": "1", "type": "x", "source": source}
    assert_problem(mine.post(cloudevent, "application/cloudevents+json"), 403, "this token may only use the sources")
    assert read.head().position == 4


def test_a_token_speaks_for_its_sources(filled: Program) -> None:
    mine = Program(tokens.create("s", sources=["agent_1", "ci-*"]))
    stated = [event() | {"source": source} for source in ("agent_1", "ci-main", "ci-", "other")]
    assert [result["code"] for result in mine.post(stated).json()["results"]] == [201, 201, 201, 403]


def test_a_token_of_two_boards_sees_both_and_no_third(filled: Program) -> None:
    filled.publish(event("task_created", board="secret", task_id="s-1"))
    mine = Program(tokens.create("two", ["read"], ["billing", "shop"]))
    assert {row["board_id"] for row in mine.read("/api/tasks")["tasks"]} == {"billing", "shop"}
    assert {row["board_id"] for row in mine.read("/api/tasks", board="shop")["tasks"]} == {"shop"}
    assert [found["position"] for found in mine.read("/api/events")["events"]] == [4, 3, 2, 1]
    assert mine.read("/api/counters")["total"] == 4
    assert_problem(mine.get("/api/tasks", board="secret"), 403, "You do not have access to this board.")
    assert_problem(mine.get("/api/events/5"), 404, "There is no event")


def test_a_token_of_two_boards_has_to_say_on_which_it_publishes(filled: Program) -> None:
    mine = Program(tokens.create("two", ["publish"], ["billing", "shop"]))
    assert mine.post(event(board="shop")).status_code == 201
    assert_problem(mine.post(event(board="")), 403, "this token may only publish to boards billing, shop")


def test_a_token_to_publish_reads_nothing(filled: Program) -> None:
    for response in map(Program(tokens.create("p", ["publish"])).get, READS):
        assert_problem(response, 403, "This token has no read permission.")


def test_a_token_to_read_publishes_nothing(filled: Program) -> None:
    assert_problem(Program(tokens.create("r", ["read"])).post(event()), 403, "This token has no publish permission.")
    assert read.head().position == 4


def test_each_token_does_what_it_is_for(filled: Program) -> None:
    assert Program(tokens.create("p", ["publish"])).post(event()).status_code == 201
    reader = Program(tokens.create("r", ["read"]))
    assert {reader.get(path).status_code for path in READS} == {200}


@pytest.mark.parametrize(("is_active", "status"), [(True, 200), (False, 401)])
def test_a_person_reads_who_is_signed_in_and_still_may(filled: Program, is_active: bool, status: int) -> None:
    assert {response.status_code for response in map(person(is_active).get, READS)} == {status}


def test_a_session_alone_never_publishes(filled: Program) -> None:
    """Another site's page could make the browser send it."""
    response = person().post("/api/events", event(), content_type="application/json")
    assert_problem(response, 401, "Send a token")
    assert read.head().position == 4


def test_a_session_does_not_mend_a_wrong_token(filled: Program) -> None:
    assert person().get("/api/events", headers={"Authorization": "Bearer mev_wrong"}).status_code == 401


def test_a_boards_token_sees_its_board_alone(filled: Program) -> None:
    mine = Program(tokens.create("b", ["read"], ["billing"]))
    for path in ("boards", "tasks", "blockers", "agents"):
        assert [row["board_id"] for row in mine.read(f"/api/{path}")[path]] == ["billing"]


def test_a_boards_token_reads_and_counts_its_events_alone(filled: Program) -> None:
    mine = Program(tokens.create("b", ["read"], ["billing"]))
    assert [found["position"] for found in mine.read("/api/events")["events"]] == [4, 3]
    assert mine.read("/api/counters")["total"] == 2
    assert mine.read("/api/counters", as_of=4)["total"] == 2
    assert mine.read("/api/events", board="The billing")["events"]


def test_a_boards_token_is_not_shown_what_only_claims_its_boards_name(filled: Program) -> None:
    filled.publish(event() | {"metadata": {"board_id": "secret", "board_name": "billing"}})
    mine = Program(tokens.create("b", ["read"], ["billing"]))
    assert [found["position"] for found in mine.read("/api/events")["events"]] == [4, 3]


@pytest.mark.parametrize("board", ["shop", "The shop", "nowhere"])
def test_a_boards_token_is_refused_another_board(filled: Program, board: str) -> None:
    mine = Program(tokens.create("b", ["read"], ["billing"]))
    for path in set(READS) - {"/api/events/1"}:
        assert_problem(mine.get(path, board=board), 403, "You do not have access to this board.")


@pytest.mark.parametrize("query", ["board:shop", "board_id:shop", "-board:billing", "task:shop-1"])
def test_a_filter_does_not_take_a_boards_token_further(filled: Program, query: str) -> None:
    assert Program(tokens.create("b", ["read"], ["billing"])).read("/api/events", q=query)["events"] == []


def test_to_a_boards_token_another_boards_event_is_not_there(filled: Program) -> None:
    mine = Program(tokens.create("b", ["read"], ["billing"]))
    assert_problem(mine.get("/api/events/1"), 404, "There is no event at this position.")
    assert mine.get("/api/events/3").status_code == 200


@pytest.mark.parametrize(
    "stated",
    [
        event(board="shop"),
        event(board="", board_id="shop"),
        event(board="", project_id="shop"),
        event(board="", board_id=7),
        event("board_removed", board="shop"),
    ],
)
def test_a_boards_token_publishes_to_no_other_board(filled: Program, stated: dict[str, Any]) -> None:
    mine = Program(tokens.create("b", ["publish"], ["billing"]))
    assert_problem(mine.post(stated), 403, "/metadata/board_id: this token may only publish to board billing")
    assert read.head().position == 4


def test_a_board_whose_name_names_none_takes_a_token_to_no_other(filled: Program) -> None:
    mine = Program(tokens.create("b", ["publish"], ["unknown"]))
    assert_problem(mine.post(event(board="unknown", board_id="shop")), 403, "may only publish to board unknown")


def test_another_boards_event_of_the_same_id_keeps_nobody_from_its_own(filled: Program) -> None:
    filled.publish(event("task_started", "both", board="shop") | {"source": "a"})
    filled.publish(event("task_started", "both", board="billing") | {"source": "b"})
    filled.publish(event("task_completed", "next", board="billing"))
    mine = Program(tokens.create("b", ["read"], ["billing"]))
    assert mine.read("/api/events/wait", after_event="both", timeout=0)["event"]["event_id"] == "next"


def test_what_a_boards_token_publishes_belongs_to_its_board(filled: Program) -> None:
    assert Program(tokens.create("b", ["publish"], ["billing"])).post(event(board="")).status_code == 201
    assert read.following(4, 1)[0].board_id == "billing"


def test_a_token_is_never_in_an_answer_nor_in_the_database(filled: Program, caplog: pytest.LogCaptureFixture) -> None:
    secret = filled.token or ""
    answers = [filled.get(path) for path in (*READS, "/api/nothing", "/api/events?limit=x", "/healthz", "/readyz")]
    answers += list(map(filled.post, [event(), {}, "{", []]))
    answers += [filled.client.put("/api/events", headers=filled.headers)]
    for answer in answers:
        assert secret not in answer.content.decode() + str(answer.headers)
    assert secret not in str(list(Token.objects.values())) + caplog.text


def test_the_use_of_a_token_is_noted(filled: Program) -> None:
    before = utc_now()
    Token.objects.update(last_used_at=None)
    tokens.clear_cache()
    filled.get("/api/events")
    assert (Token.objects.get().last_used_at or before) > before


def test_every_read_is_in_these_tests() -> None:
    """An endpoint that is added without a look at who may read it fails here."""
    from marcus_events.api.urls import urlpatterns

    paths = {re.sub(r"<int:\w+>", "1", str(pattern.pattern)) for pattern in urlpatterns} - {""}
    assert {f"/api/{path}" for path in paths} == {path.partition("?")[0] for path in (*READS, *OPEN)}
