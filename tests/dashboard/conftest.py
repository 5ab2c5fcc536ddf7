"""Somebody who is signed in, before a real log in a real database."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client


@pytest.fixture
def user(log: None) -> User:
    """Who may act on blockers, and has no other permission."""
    return may_handle(User.objects.create_user("ada", password="a long enough one"))


def may_handle(user: User) -> User:
    user.user_permissions.add(Permission.objects.get(codename="handle_blocker"))
    return user


@pytest.fixture
def viewer(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
