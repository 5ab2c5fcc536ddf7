"""Password hashing: Django's format, one at a time, and a short line."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from dashboard.pages.sign_in import password_hashers
from dashboard.pages.sign_in.password_hashers import HashingQueue, HashingQueueFull, PasswordHasher
from tests.waiting import wait_until

PASSWORD = "a long enough one"


@pytest.fixture
def full_line(settings: Settings) -> Iterator[None]:
    """As when others wait for all the places."""
    settings.PASSWORD_HASHERS = ["dashboard.pages.sign_in.password_hashers.PasswordHasher"]
    with ExitStack() as others:
        for _ in range(password_hashers.MAX_QUEUE_LENGTH):
            assert password_hashers.queue._places.acquire(blocking=False)
            others.callback(password_hashers.queue._places.release)
        yield


@pytest.mark.parametrize("password", ["a long enough one", "naïve 🔑", " ", "x" * 10_000])
def test_it_hashes_as_django_does(password: str) -> None:
    ours, django = PasswordHasher(), PBKDF2PasswordHasher()
    assert ours.encode(password, "salt", 1_000) == django.encode(password, "salt", 1_000)
    assert ours.verify(password, django.encode(password, "salt", 1_000))
    assert not ours.verify(f"{password}x", django.encode(password, "salt", 1_000))
    assert ours.iterations == django.iterations


def test_one_is_hashed_at_a_time_a_few_wait_and_the_next_is_turned_away(transactional_db: None) -> None:
    line, go_on, inside = HashingQueue(3), threading.Event(), []

    def come() -> None:
        with line.acquire():
            inside.append(1)
            go_on.wait()
            inside.pop()

    def waiting() -> bool:
        return line.is_full

    people = [threading.Thread(target=come) for _ in range(3)]
    for person in people:
        person.start()
    assert wait_until(waiting)
    with pytest.raises(HashingQueueFull), line.acquire():
        pass
    assert len(inside) == 1
    go_on.set()
    for person in people:
        person.join()
    with line.acquire():
        assert not line.is_full


@pytest.mark.django_db
@pytest.mark.usefixtures("full_line")
def test_sign_in_says_that_it_is_busy_and_nothing_is_read(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        answer = client.post("/sign-in/", {"username": "ada", "password": PASSWORD})
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "Your password was not checked" in answer.content.decode()
    assert client.get("/sign-in/").status_code == 200


@pytest.mark.django_db
def test_another_place_that_hashes_says_so_too(client: Client, request: pytest.FixtureRequest) -> None:
    """Django's admin: nothing is changed."""
    root, ann = User.objects.create_superuser("root"), User.objects.create_user("ann")
    client.force_login(root)
    request.getfixturevalue("full_line")
    form = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    answer = client.post(f"/admin/auth/user/{ann.pk}/password/", form)
    assert answer.status_code == 503
    assert not User.objects.get(pk=ann.pk).has_usable_password()
