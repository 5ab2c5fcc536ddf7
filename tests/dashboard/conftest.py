"""A signed-in user who sees every board, with a real log in a real database."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client


@pytest.fixture
def user(log: None) -> User:
    """A user who may act on blockers and see every board, without other permissions."""
    return may(User.objects.create_user("ada", password="a long enough one"), "handle_blocker", "see_every_board")


def may(user: User, *permissions: str) -> User:
    user.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
    return user


@pytest.fixture
def viewer(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
