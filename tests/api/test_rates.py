"""How often one may ask: who asks too often is told when to come back, and costs nobody else anything."""

from __future__ import annotations

import time
from typing import Any

from pytest_django import Settings

from marcus_events.access import tokens
from marcus_events.access.authentication import network_of
from marcus_events.log import read
from tests.api.program import Program, assert_problem, event

WIDE = {"address": "1000/second", "token": "1000/second", "stranger": "1000/second"}


def limited(settings: Settings, **rates: str) -> None:
    settings.RATES = WIDE | rates


def assert_told_to_wait(response: Any, limit: str, detail: str) -> int:
    body = assert_problem(response, 429, detail)
    assert body["limit"] == limit
    assert body["detail"].endswith(f"Try again after {response['Retry-After']} s.")
    return int(response["Retry-After"])


def test_a_token_that_asks_too_often_waits_and_no_other_does(program: Program, settings: Settings) -> None:
    limited(settings, token="2/minute")
    other = Program(tokens.create("other"))
    assert [program.post(event()).status_code for _ in range(2)] == [201, 201]
    assert 1 <= assert_told_to_wait(program.post(event()), "token_rate", "at most 2 in 60 s") <= 60
    assert_told_to_wait(program.get("/api/tasks"), "token_rate", "Too many requests with this token")
    assert other.post(event()).status_code == 201
    assert read.head().position == 3


def test_after_its_pause_it_is_let_in_again(program: Program, settings: Settings) -> None:
    limited(settings, token="1/3 second")  # the second one comes sooner, also where three processes run tests
    program.post(event())
    pause = assert_told_to_wait(program.post(event()), "token_rate", "at most 1 in 3 s")
    time.sleep(pause + 1)  # the window slides: what was asked before still weighs for a while
    assert program.post(event()).status_code == 201


def test_an_address_that_asks_too_often_waits_whatever_it_shows(program: Program, settings: Settings) -> None:
    limited(settings, address="3/minute")
    statuses = [asking.get("/api/tasks").status_code for asking in (program, Program(None))]
    assert statuses == [200, 401]
    assert program.post(event()).status_code == 201
    assert_told_to_wait(program.post(event()), "address_rate", "Too many requests from this address")
    assert_told_to_wait(Program(None).get("/api/events/wait"), "address_rate", "Too many requests from this address")
    assert program.client.get("/api/tasks", headers=program.headers, REMOTE_ADDR="10.0.0.2").status_code == 200


def test_who_tries_unknown_tokens_waits_and_who_has_one_does_not(program: Program, settings: Settings) -> None:
    limited(settings, stranger="2/minute")
    guesses = [Program(f"mev_guess{n}") for n in range(3)]
    assert [guess.get("/api/tasks").status_code for guess in guesses[:2]] == [401, 401]
    assert_told_to_wait(guesses[2].get("/api/tasks"), "stranger_rate", "Too many unknown tokens from this address")
    assert program.get("/api/tasks").status_code == 200


def test_health_is_told_to_everybody_at_any_time(program: Program, settings: Settings) -> None:
    limited(settings, address="1/minute")
    program.get("/api/tasks")
    assert [program.client.get("/healthz").status_code for _ in range(3)] == [200, 200, 200]


def test_of_ipv6_a_network_is_one() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1") == "2001:db8::/64"
    assert network_of("2001:db8:0:1::1") != network_of("2001:db8::1")
    assert (network_of("203.0.113.9"), network_of("unix:"), network_of("")) == ("203.0.113.9", "unix:", "")
