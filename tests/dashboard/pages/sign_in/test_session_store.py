"""Sessions are stored under a digest of their key, by every way that Django has to them."""

from __future__ import annotations

from importlib import import_module

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session as DjangoSession
from django.db import connection
from django.test import Client

from marcus_events.access.session_store import SessionStore, digest
from marcus_events.models import Session

pytestmark = pytest.mark.django_db


def test_a_key_from_the_table_opens_nothing(log: None) -> None:
    client = Client()
    client.force_login(User.objects.create_user("ada"))
    assert client.get("/alerts/").status_code == 200
    [stored] = Session.objects.values_list("session_key", flat=True)
    assert stored == digest(client.cookies["sessionid"].value)
    client.cookies["sessionid"] = stored
    assert client.get("/alerts/").status_code == 302


def test_it_is_made_found_changed_renewed_and_ended() -> None:
    store = SessionStore()
    store["n"] = 1
    store.save()
    key = store.session_key or ""
    assert SessionStore(key)["n"] == 1
    assert store.exists(key)
    store["n"] = 2
    store.save()
    assert SessionStore(key)["n"] == 2
    store.cycle_key()
    assert (SessionStore(key).get("n"), SessionStore(store.session_key)["n"]) == (None, 2)
    store.flush()
    assert Session.objects.count() == 0


def test_so_it_is_in_an_event_loop() -> None:
    async_to_sync(asynchronously)()


async def asynchronously() -> None:
    store = SessionStore()
    await store.aset("n", 1)
    await store.asave()
    key = store.session_key or ""
    assert await SessionStore(key).aget("n") == 1
    assert await store.aexists(key)
    await store.acycle_key()
    assert await SessionStore(key).aget("n") is None
    await store.aflush()
    assert await Session.objects.acount() == 0


def test_sessions_of_before_go_on() -> None:
    """As the migration stores them."""
    migration = import_module("marcus_events.migrations.0022_redaction")
    key = "k" * 32
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_session VALUES (%s, %s, now() + interval '1 day')", [key, "x"])
        for _ in range(2):
            cursor.execute(migration.DIGESTS)
    assert DjangoSession.objects.get().session_key == digest(key)
