"""How an export ends, who has to wait for another one, and what is on record of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import connections
from django.test import AsyncClient

from dashboard.pages.history import export, queries
from dashboard.pages.history import views as view
from marcus_events import search
from marcus_events.access import roles
from marcus_events.core.event import RecordedEvent
from marcus_events.core.filters import EventFilter
from marcus_events.log import read
from tests.dashboard.publishing import event, project, publish


@pytest_asyncio.fixture
async def person(user: User) -> AsyncIterator[User]:
    """Whose requests are answered in another thread, which gives its connection back in the end."""
    yield user
    await sync_to_async(connections.close_all)()


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(queries, "BATCH", 2)
    yield
    export._running.clear()


def made(by: str = "ada", **more: Any) -> export.Export:
    return export.Export(EventFilter(), 5, "jsonl", [], {"by": by}, 5, **more)


async def begun(one: export.Export) -> AsyncIterator[bytes]:
    """Its first batch has been taken."""
    parts = aiter(one)
    await anext(parts)
    await anext(parts)
    return parts


async def some_events() -> None:
    await sync_to_async(publish)(*(event("task_created", task_id=f"t{n}") for n in range(5)))


async def on_record() -> RecordedEvent:
    [recorded] = await sync_to_async(read.events)(EventFilter.parse("type:history_exported"))
    return recorded


async def why() -> tuple[int, bool, str]:
    data = (await on_record()).data
    return data["events"], data["finished"], data.get("reason", "")


async def client_of(person: User) -> AsyncClient:
    client = AsyncClient()
    await client.aforce_login(person)
    return client


async def test_a_person_runs_one_at_a_time_and_is_told_so(person: User) -> None:
    await sync_to_async(publish)(*project())
    running = made()
    await begun(running)
    client = await client_of(person)
    refused = await client.get("/history/export/", {"q": "type:task_blocked"})
    assert (refused.status_code, refused["Retry-After"]) == (429, view.RETRY_AFTER_S)
    assert view.YOURS_RUNS in refused.content.decode()
    assert 'href="/history/?q=type%3Atask_blocked"' in refused.content.decode()
    with pytest.raises(export.TooManyExports):
        await begun(made())
    await sync_to_async(running.close)()
    assert await why() == (2, False, export.READER_GONE)
    assert (await client.get("/history/export/")).status_code == 200


async def test_one_that_is_not_read_is_in_nobody_elses_way(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MAX_EXPORTS", 1)
    await some_events()
    stalled = made("bo")
    parts = await begun(stalled)
    client = await client_of(person)
    refused = await client.get("/history/export/")
    assert (refused.status_code, refused["Retry-After"]) == (503, view.RETRY_AFTER_S)
    assert view.OTHERS_RUN in refused.content.decode()
    monkeypatch.setattr(export, "WINDOW_S", 0.0)
    assert (await client.get("/history/export/")).status_code == 200
    assert not export._running
    assert await why() == (2, False, export.TOO_SLOW)
    with pytest.raises(export.ExportAborted):
        await anext(parts)


async def test_a_reader_who_takes_too_little_ends_it(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "WINDOW_S", 0.0)
    monkeypatch.setattr(export, "MIN_RATE", 2**40)
    await some_events()
    parts = await begun(made())
    with pytest.raises(export.ExportAborted, match=export.TOO_SLOW):
        await anext(parts)
    assert not export._running
    assert await why() == (2, False, export.TOO_SLOW)


async def test_a_reader_who_takes_enough_is_sent_everything(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "WINDOW_S", 0.0)
    monkeypatch.setattr(export, "MIN_RATE", 0)
    await some_events()
    one = made()
    assert b"".join([part async for part in one]).count(b"\n") == 5
    await sync_to_async(one.close)()
    assert await why() == (5, True, "")


async def sign_out(person: User) -> None:
    await sync_to_async(person.set_password)("another long one")  # ends every session
    await person.asave()


async def lock_out(person: User) -> None:
    person.is_active = False
    await person.asave()


async def take_boards(person: User) -> None:
    await sync_to_async(roles.grant_boards)(person, ["shop"], every=False)


@pytest.mark.parametrize("change", [sign_out, lock_out, take_boards])
async def test_it_ends_when_the_person_may_see_it_no_more(
    person: User, monkeypatch: pytest.MonkeyPatch, change: Any
) -> None:
    monkeypatch.setattr(export, "ACCESS_CHECK_INTERVAL_S", 0.0)
    await some_events()
    response = await (await client_of(person)).get("/history/export/", {"format": "jsonl"})
    parts: AsyncIterator[bytes] = aiter(cast(Any, response))
    assert [await anext(parts), (await anext(parts)).count(b"\n")] == [b"", 2]
    await change(person)
    with pytest.raises(export.ExportAborted):
        await anext(parts)
    assert await why() == (2, False, export.ACCESS_ENDED)
    assert not export._running


@pytest.mark.usefixtures("person")
async def test_one_that_fails_makes_room_for_others_and_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "page", lambda *args, **kwargs: 1 / 0)
    parts = aiter(made())
    await anext(parts)
    with pytest.raises(ZeroDivisionError):
        await anext(parts)
    assert not export._running
    assert await why() == (0, False, export.FAILED)


@pytest.mark.usefixtures("person")
async def test_one_that_is_cancelled_breaks_off_and_is_recorded() -> None:
    await some_events()
    parts = await begun(made())
    [mine] = export.running("ada")
    assert (mine.events, mine.expected, export.running("bo")) == (2, 5, [])
    mine.end(export.CANCELLED)
    with pytest.raises(export.ExportAborted):
        await anext(parts)
    assert await why() == (2, False, export.CANCELLED)
