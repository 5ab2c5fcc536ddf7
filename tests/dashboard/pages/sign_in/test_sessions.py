"""Sessions with their user beside them: who is signed in by an update stays so, and ended sessions are deleted."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as EarlierStore
from django.contrib.sessions.models import Session as Earlier
from django.db import connection
from django.test import Client

from marcus_events.access.session_store import digest
from marcus_events.core.event import utc_now
from marcus_events.models import Session

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough one"


def earlier_session(user: User | None) -> str:
    """As Django stored it."""
    store = EarlierStore()
    if user:
        store[SESSION_KEY] = str(user.pk)
        store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    return str(store.session_key)


def test_an_update_signs_out_nobody_but_those_who_are_locked_out(client: Client) -> None:
    ada, eve = User.objects.create_user("ada"), User.objects.create_user("eve", is_active=False)
    keys = [earlier_session(user) for user in (ada, eve, None)]
    with connection.cursor() as cursor:
        cursor.execute(import_module("marcus_events.migrations.0022_redaction").DIGESTS)
    import_module("marcus_events.migrations.0023_sign_in").copy_sessions(apps, None)
    assert [(session.session_key, session.user) for session in Session.objects.all()] == [(digest(keys[0]), ada)]
    client.cookies["sessionid"] = keys[0]
    assert client.get("/sign-in/").status_code == 302
    assert not Earlier.objects.exists()


def test_a_sign_in_deletes_sessions_that_have_ended(client: Client) -> None:
    ada = User.objects.create_user("ada", password=PASSWORD)
    Client().force_login(ada)
    Session.objects.update(expire_date=utc_now() - timedelta(seconds=1))
    client.post("/sign-in/", {"username": "ada", "password": PASSWORD})
    assert [session.session_key for session in Session.objects.all()] == [digest(client.session.session_key or "")]


def test_a_request_that_is_under_way_does_not_bring_a_deleted_session_back(client: Client) -> None:
    ada = User.objects.create_user("ada", password=PASSWORD)
    client.force_login(ada)
    under_way = client.session
    assert under_way[SESSION_KEY] == str(ada.pk)  # it is loaded
    ada.is_active = False
    ada.save()
    under_way["seen"] = 1
    with pytest.raises(UpdateError):
        under_way.save()
    assert not Session.objects.exists()
