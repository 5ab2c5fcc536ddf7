"""Users for tests of Django's admin: a superuser, an administrator by permission, and a user with all other
permissions.
"""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.test import Client

from marcus_events.models import Blocker


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def administer() -> Permission:
    found = Permission.objects.filter(codename="administer").first()
    of = ContentType.objects.get_for_model(Blocker)
    return found or Permission.objects.create(codename="administer", content_type=of, name="Can administer")


@pytest.fixture
def root(log: None) -> User:
    return User.objects.create_superuser("root")


@pytest.fixture
def superuser(root: User) -> Client:
    return signed_in(root)


@pytest.fixture
def ann(log: None) -> User:
    user = User.objects.create_user("ann")
    user.user_permissions.add(administer())
    return user


@pytest.fixture
def administrator(ann: User) -> Client:
    """An administrator who is no superuser."""
    return signed_in(ann)


@pytest.fixture
def staff(log: None) -> Client:
    """A user with every permission except administration."""
    user = User.objects.create_user("bo", is_staff=True)
    user.user_permissions.set(Permission.objects.exclude(pk=administer().pk))
    return signed_in(user)
