"""Somebody who is signed in, before a real log in a real database."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client


@pytest.fixture
def user(log: None) -> User:
    return User.objects.create_user("ada", password="a long enough one")


@pytest.fixture
def viewer(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
