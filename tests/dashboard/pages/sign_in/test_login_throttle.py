"""Sign-in that is tried too often: refused for a while, alike whoever was named, and for nobody else."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db.models import F
from django.test import Client
from pytest_django import Settings

from dashboard.pages.sign_in.login_throttle import MAX_FAILURES_PER_ADDRESS, MAX_FAILURES_PER_NAME, MAX_KNOWN
from dashboard.pages.sign_in.one_time_links import one_time_path
from marcus_events.models import KnownAddress

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough one"
LIMIT = settings.AXES_FAILURE_LIMIT


ELSEWHERE = [f"192.0.2.{n}" for n in range(100)]


@pytest.fixture(autouse=True)
def user() -> User:
    return User.objects.create_user("ada", password=PASSWORD)


def try_to(client: Client, name: str = "ada", password: str = "a guess", **headers: Any) -> Any:
    return client.post("/sign-in/", {"username": name, "password": password}, headers=headers)


def fail(client: Client, name: str = "ada", times: int = LIMIT, **headers: Any) -> list[int]:
    return [try_to(client, name, **headers).status_code for _ in range(times)]


def test_after_some_failures_the_right_password_is_refused_too(client: Client) -> None:
    assert fail(client) == [200] * (LIMIT - 1) + [429]
    assert try_to(client, password=PASSWORD).status_code == 429
    assert "_auth_user_id" not in client.session


def test_it_is_said_when_one_may_try_again_and_trying_does_not_prolong_it(client: Client) -> None:
    fail(client)
    first, second = try_to(client), try_to(client)
    assert "Too many attempts" in first.content.decode()
    assert 880 <= int(second["Retry-After"]) <= int(first["Retry-After"]) <= 900
    assert "script-src 'self'" in first["Content-Security-Policy"]


def test_a_name_that_nobody_has_is_answered_alike(client: Client) -> None:
    answers = []
    for name in ("ada", "nobody"):
        fail(client, name)
        page = try_to(client, name)
        answers.append((page.status_code, re.sub("<time.*</time>", "", page.content.decode())))
    assert answers[0] == answers[1]


def test_who_succeeds_starts_anew(client: Client) -> None:
    for _ in range(2):
        fail(client, times=LIMIT - 1)
        assert try_to(Client(), password=PASSWORD).status_code == 302


def test_others_are_not_kept_out(client: Client) -> None:
    User.objects.create_user("grace", password=PASSWORD)
    fail(client)
    assert try_to(Client(), "grace", PASSWORD).status_code == 302
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert try_to(elsewhere, password=PASSWORD).status_code == 302


def test_all_of_a_network_of_ipv6_are_one(client: Client) -> None:
    for n in range(LIMIT):
        try_to(Client(REMOTE_ADDR=f"2001:db8::{n}"))
    assert try_to(Client(REMOTE_ADDR="2001:db8::ffff"), password=PASSWORD).status_code == 429
    assert try_to(Client(REMOTE_ADDR="2001:db8:0:1::1"), password=PASSWORD).status_code == 302


def test_what_a_client_says_of_its_address_counts_for_nothing_without_a_proxy(client: Client) -> None:
    codes = [try_to(client, **{"X-Forwarded-For": f"192.0.2.{n}"}).status_code for n in range(LIMIT)]
    assert codes[-1] == 429


def test_the_pause_ends(client: Client) -> None:
    fail(client)
    for attempt in AccessAttempt.objects.all():
        AccessAttempt.objects.filter(pk=attempt.pk).update(
            attempt_time=attempt.attempt_time - settings.AXES_COOLOFF_TIME - timedelta(seconds=1)
        )
    assert try_to(client, password=PASSWORD).status_code == 302


def test_an_administrator_can_end_it_and_a_link_opens_all_the_same(client: Client, user: User) -> None:
    fail(client)
    assert Client().post(one_time_path(user)).status_code == 302
    call_command("axes_reset_username", "ada")
    assert try_to(client, password=PASSWORD).status_code == 302


def test_hostile_names_and_headers_are_counted_too(client: Client) -> None:
    odd: dict[str, Any] = {"User-Agent": "x" * 3_000, "Accept": "x" * 3_000}
    assert fail(client, '"><img src=x>\N{ZERO WIDTH SPACE}', **odd)[-1] == 429
    assert client.post("/sign-in/?a=%00", {"username": "a", "password": "b\0"}).status_code == 200
    stored = AccessAttempt.objects.values_list("post_data", flat=True)
    assert "a guess" not in "".join(stored)


def spray(address: str, names: int) -> Any:
    """The last answer to as many wrong passwords, each for another name."""
    return [try_to(Client(REMOTE_ADDR=address), f"name-{n}").status_code for n in range(names)][-1]


@pytest.fixture
def unhurried(settings: Settings) -> None:
    """So that only failures are counted."""
    settings.RATES = settings.RATES | {"sign_in": "1000/second"}


@pytest.mark.usefixtures("unhurried")
def test_an_address_that_tries_many_names_is_refused_under_every_name() -> None:
    assert spray("192.0.2.1", MAX_FAILURES_PER_ADDRESS - 1) == 200
    assert spray("192.0.2.1", MAX_FAILURES_PER_ADDRESS) == 429
    assert try_to(Client(REMOTE_ADDR="192.0.2.1"), password=PASSWORD).status_code == 429
    assert try_to(Client(REMOTE_ADDR="192.0.2.2"), password=PASSWORD).status_code == 302


@pytest.mark.usefixtures("unhurried")
def test_a_name_that_is_tried_from_many_addresses_is_refused_from_everywhere() -> None:
    for n in range(MAX_FAILURES_PER_NAME):
        try_to(Client(REMOTE_ADDR=ELSEWHERE[n // (LIMIT - 1)]))
    assert try_to(Client(REMOTE_ADDR="198.51.100.1"), password=PASSWORD).status_code == 429
    assert try_to(Client(REMOTE_ADDR="198.51.100.1"), "grace").status_code == 200


@pytest.mark.usefixtures("unhurried")
def test_people_are_let_in_where_they_have_signed_in_before_whatever_strangers_try() -> None:
    home = Client(REMOTE_ADDR="198.51.100.1")
    assert try_to(home, password=PASSWORD).status_code == 302
    for n in range(MAX_FAILURES_PER_NAME):
        try_to(Client(REMOTE_ADDR=ELSEWHERE[n // (LIMIT - 1)]))
    spray("198.51.100.1", MAX_FAILURES_PER_ADDRESS)
    assert try_to(Client(REMOTE_ADDR="198.51.100.1"), password=PASSWORD).status_code == 302
    assert fail(Client(REMOTE_ADDR="198.51.100.1"))[-1] == 429


@pytest.mark.usefixtures("unhurried")
def test_the_pause_of_an_address_ends_as_its_failures_are_forgotten() -> None:
    spray("192.0.2.1", MAX_FAILURES_PER_ADDRESS)
    oldest = AccessAttempt.objects.order_by("attempt_time").first()
    AccessAttempt.objects.filter(pk=oldest.pk).update(attempt_time=F("attempt_time") - timedelta(minutes=10))
    left = int(try_to(Client(REMOTE_ADDR="192.0.2.1"))["Retry-After"])
    assert 280 <= left <= 300


def test_only_the_newest_addresses_of_a_person_are_kept(user: User) -> None:
    for n in range(MAX_KNOWN + 2):
        try_to(Client(REMOTE_ADDR=ELSEWHERE[n]), password=PASSWORD)
    kept = set(KnownAddress.objects.values_list("address", flat=True))
    assert kept == set(ELSEWHERE[2 : MAX_KNOWN + 2])


def test_an_address_that_tries_too_often_is_refused_before_anything_is_read(
    client: Client, settings: Settings, django_assert_num_queries: Any
) -> None:
    settings.RATES = settings.RATES | {"sign_in": "2/minute"}
    fail(client, times=2)
    with django_assert_num_queries(0):
        refused = try_to(client, password=PASSWORD)
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 60
    assert "script-src 'self'" in refused["Content-Security-Policy"]
    assert client.get("/sign-in/").status_code == 200
    assert try_to(Client(REMOTE_ADDR="192.0.2.1"), password=PASSWORD).status_code == 302
