"""/healthz and /readyz: open to all, honest about each part; and what is answered while the database is away."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import Client
from psycopg_pool import ConnectionPool

from marcus_events.api import health
from marcus_events.log.connect import connect
from marcus_events.projections import SEARCH, catch_up
from tests.api.program import Program, assert_problem, event
from tests.lagging import age_events
from tests.waiting import wait_until


def test_whoever_asks_is_told_that_the_process_lives() -> None:
    response = Program(None).get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_nothing_else_can_be_done_there() -> None:
    for path in ("/healthz", "/readyz"):
        assert_problem(Client(enforce_csrf_checks=True).post(path), 405, "Use GET")


def test_whoever_asks_is_told_each_part_with_its_lag(program: Program) -> None:
    program.publish(event())
    program.post(event())
    age_events(1.5)
    response = Program(None).get("/readyz")
    assert (response.status_code, response.json()["status"]) == (200, "ready")
    parts = response.json()["parts"]
    assert parts.pop("log") == {"ready": True, "head": 2}
    assert set(parts) == {"state", "rates", "search"}
    for part in parts.values():
        assert part.pop("lag_s") >= 1.5
        assert part | {"behind": False} == {"ready": True, "lag": 1, "behind": False}


def test_behind_by_more_than_two_seconds_is_said_of_each_part_and_the_server_is_ready(program: Program) -> None:
    program.publish(event())
    program.post(event())
    age_events(2.1)
    catch_up([SEARCH])
    response = Program(None).get("/readyz")
    assert (response.status_code, response.json()["status"]) == (200, "ready")
    parts = response.json()["parts"]
    assert {name: parts[name]["behind"] for name in ("state", "rates", "search")} == {
        "state": True,
        "rates": True,
        "search": False,
    }
    assert (parts["search"]["lag"], parts["search"]["lag_s"]) == (0, 0), "however old the newest event is"


def test_far_behind_is_not_ready(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "MAX_LAG", 2)
    program.publish(event())
    program.post([event()] * 3)
    response = Program(None).get("/readyz")
    assert (response.status_code, response.json()["status"]) == (503, "not ready")
    assert response.json()["parts"]["log"]["ready"]
    parts = response.json()["parts"]
    assert (parts["state"]["ready"], parts["state"]["lag"]) == (False, 3)
    assert (parts["search"]["ready"], parts["search"]["lag"]) == (True, 3), "the log is searched where it is not"


def pool_of_requests() -> ConnectionPool[Any]:
    return connection.pool  # type: ignore[attr-defined,no-any-return]


@contextmanager
def database_away(timeout_s: float = 0.2) -> Iterator[None]:
    """The server ends every connection to the tests' database and takes no new one; requests wait for one so long."""
    name = connection.settings_dict["NAME"]
    with connect("test") as mine:
        elsewhere = psycopg.connect(mine.info.dsn, dbname="template1", autocommit=True)
    connection.close()
    pool = pool_of_requests()
    pool.timeout, usual = timeout_s, pool.timeout
    with elsewhere:
        try:
            elsewhere.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            elsewhere.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", (name,)
            )
            yield
        finally:
            elsewhere.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
            connection.close()
            pool.timeout = usual


def test_while_the_database_is_away_it_is_said_and_afterwards_all_goes_on(program: Program) -> None:
    program.post(event(event_id="before"))
    with database_away():
        assert Program(None).get("/healthz").status_code == 200
        unready = Program(None).get("/readyz")
        assert (unready.status_code, unready.json()["status"]) == (503, "not ready")
        assert unready.json()["parts"] == {"log": {"ready": False, "reason": "the database does not respond"}}
        for response in (
            program.post(event(event_id="meanwhile")),
            program.get("/api/events"),
            program.get("/api/tasks"),
        ):
            assert_problem(response, 503, "The log is temporarily unavailable. Send the same request again.")
            assert response["Retry-After"] == "2"
    assert program.post(event(event_id="meanwhile")).json()["results"][0]["position"] == 2
    assert Program(None).get("/readyz").status_code == 200


def test_a_request_that_came_while_the_database_was_away_is_answered_when_it_is_back(program: Program) -> None:
    """An attempt to connect is given up while the request waits; another one follows without a further request."""
    program.post(event())
    with ThreadPoolExecutor(1) as elsewhere:
        with database_away(timeout_s=60):
            answer = elsewhere.submit(program.get, "/api/events")
            wait_until(lambda: pool_of_requests().get_stats().get("requests_waiting", 0))
            attempts = pool_of_requests().get_stats()["connections_errors"]
            wait_until(lambda: pool_of_requests().get_stats()["connections_errors"] >= attempts + 6)
        assert answer.result().status_code == 200
        elsewhere.submit(lambda: connection.close()).result()
