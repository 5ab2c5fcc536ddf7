"""History: every event of the log is found again, page by page, refined, and as a file that equals the log."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import AsyncIterator
from itertools import chain
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import connections
from django.test import AsyncClient, Client

from dashboard.pages.history import export, queries
from marcus_events.core.filters import EventFilter
from marcus_events.log import read
from tests.dashboard.publishing import event, project, publish
from tests.dashboard.reading import Document, open_page

FORMULAS = ["=1+1", "+1+1", "-1+cmd", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1", " =1+1"]


def positions(page: Document) -> list[int]:
    return [int(position) for position in page.all_of("data-event")]


def to(page: Document, rel: str) -> str:
    return next((found["href"] for tag, found in page.elements if tag == "a" and found.get("rel") == rel), "")


@pytest.mark.parametrize("order", ["", "oldest"])
def test_paging_gives_every_event_once_in_both_directions(viewer: Client, order: str) -> None:
    published = publish(*(event("decision_logged", task_id="t", what=f"{n}") for n in range(1_000)))
    expected = published if order else published[::-1]
    query, pages = f"?order={order}", []
    while query:
        page = open_page(viewer, f"/history/{query}")
        pages.append(positions(page))
        last, query = query, to(page, "next")
    assert list(chain(*pages)) == expected
    back = []
    query = last
    while query:
        page = open_page(viewer, f"/history/{query}")
        back.append(positions(page))
        query = to(page, "prev")
    assert list(chain(*back[::-1])) == expected


def test_noise_is_part_of_history_and_a_filter_applies(viewer: Client) -> None:
    noise, other = publish(event("task_requested", agent_id="a"), event("task_created", task_id="t"))
    assert positions(open_page(viewer, "/history/")) == [other, noise]
    assert positions(open_page(viewer, "/history/", {"q": "type:task_requested"})) == [noise]


def test_a_facet_counts_refines_and_excludes(viewer: Client) -> None:
    publish(*project(), *project("bank"))
    page = open_page(viewer, "/history/", {"q": "type:task_created"})
    leads = [address for address in page.all_of("href") if "board_id%3Abank" in address]
    only, without = sorted(leads, key=lambda address: "-board_id" in address)
    assert len(positions(open_page(viewer, f"/history/{only}"))) == 4
    found = positions(open_page(viewer, f"/history/{without}"))
    assert {read.event(position).board_id for position in found} == {"shop"}  # type: ignore[union-attr]


def test_paths_are_columns_and_what_is_none_is_said(viewer: Client) -> None:
    publish(event("task_progress", task_id="t", progress=42, deep={"a": [1, 2]}))
    page = open_page(viewer, "/history/", {"columns": "data.progress,data.deep,nonsense"})
    assert "42" in page.text
    assert '{"a": [1, 2]}' in page.text
    assert "Cannot add columns for nonsense" in page.text


def test_columns_that_everybody_knows_can_be_left_out_but_for_time_and_words(viewer: Client) -> None:
    publish(event("task_progress", task_id="t", progress=42))
    page = viewer.get("/history/", {"columns": "-board, -agent,data.progress,-time,xtype"}).content.decode()
    table = page.rpartition("<thead>")[2].partition("</thead>")[0]
    assert re.findall(r'<th scope="col"[^>]*>(?:<code>)?([\w.]+)', table) == [
        *("Time", "Type", "Event", "data.progress", "Position")
    ]
    assert "Cannot add columns for -time, xtype" in page


def test_columns_are_chosen_by_ticking_them(viewer: Client) -> None:
    publish(event("task_progress", task_id="t", progress=42))
    offered = open_page(viewer, "/history/").all_of("value")
    assert "data.progress" in offered
    chosen = {
        "choose": "columns",
        "show": ["type", "agent", "recorded"],
        "path": ["data.progress"],
        "paths": "metadata.x",
    }
    answer = viewer.get("/history/", chosen | {"q": "since:7d"})
    assert answer.status_code == 302
    assert parse_qs(urlsplit(answer["Location"]).query) == {
        "q": ["since:7d"],
        "columns": ["-board,-position,recorded,data.progress,metadata.x"],
    }
    table = viewer.get(answer["Location"]).content.decode().rpartition("<thead>")[2].partition("</thead>")[0]
    assert re.findall(r'<th scope="col"[^>]*>(?:<code>)?([\w.]+)', table) == [
        *("Time", "Type", "Event", "Agent", "data.progress", "metadata.x", "Recorded")
    ]


@pytest.mark.parametrize(
    ("chosen", "times"),
    [
        ({"from": "2026-11-20"}, "since:2026-11-19T23:00:00Z"),
        (
            {"from": "2026-11-20", "from_time": "09:30", "to": "2026-11-21", "to_time": "18:00"},
            "since:2026-11-20T08:30:00Z until:2026-11-21T17:00:00Z",
        ),
        ({"from": "2026-11-20", "to": "2026-11-20"}, "since:2026-11-19T23:00:00Z until:2026-11-20T23:00:00Z"),
        ({"from": "never", "to": "9999-12-31"}, ""),
    ],
)
def test_dates_are_days_and_times_of_the_viewer(viewer: Client, chosen: dict[str, str], times: str) -> None:
    query = {"choose": "dates", "zone": "Europe/Berlin", "q": "login* since:7d type:task_*"}
    answer = viewer.get("/history/", query | chosen)
    [found] = parse_qs(urlsplit(answer["Location"]).query)["q"]
    assert found == f"login* type:task_* {times}".strip()
    assert viewer.get(answer["Location"]).status_code == 200


def test_a_range_stays_relative_and_keeps_the_words_as_they_were_typed(viewer: Client) -> None:
    publish(event("task_created", task_id="t", task_name="PostgreSQL"))
    page = open_page(viewer, "/history/", {"q": 'PostgreSQL "a b" since:2026-11-01T00:00:00Z'})
    queries_of = [parse_qs(urlsplit(address).query).get("q") for address in page.all_of("href")]
    assert ['PostgreSQL "a b" since:7d'] in queries_of
    assert ['PostgreSQL "a b" since:yesterday until:today'] in queries_of
    assert positions(open_page(viewer, "/history/", {"q": "since:yesterday", "zone": "Asia/Tokyo"}))


def test_the_period_before_is_compared_where_there_is_one(viewer: Client) -> None:
    publish(event("note", ago=5), event("note", ago=90), event("note", ago=95))
    page = open_page(viewer, "/history/", {"q": "since:1h", "compare": "1"})
    assert "1 event since" in page.text
    assert "2 events in the period before" in page.text
    assert "Choose a time to compare" in open_page(viewer, "/history/", {"compare": "1"}).text


def test_the_histogram_begins_with_what_is_oldest_though_it_was_read_in_last(viewer: Client) -> None:
    publish(event("note"), event("note", ago=3 * 24 * 60))
    assert "2 events since" in open_page(viewer, "/history/").text
    assert "1 event since" in open_page(viewer, "/history/", {"q": "since:1d"}).text
    for none in ("until:2020-01-01", "since:2020-01-01 until:2020-02-01", "board:nowhere", "nothing"):
        assert "from" not in open_page(viewer, "/history/", {"q": none}).text.partition("No events match")[0]


def test_a_query_that_cannot_be_read_is_explained(viewer: Client) -> None:
    assert "“colour” is not a field" in open_page(viewer, "/history/", {"q": "colour:red"}).text
    assert viewer.get("/history/export/", {"q": "colour:red"}).status_code == 400
    assert viewer.get("/history/export/", {"format": "xls"}).status_code == 400


def test_why_it_is_empty_is_said(viewer: Client) -> None:
    assert "No events yet" in open_page(viewer, "/history/").text
    publish(event("task_created", task_id="t"))
    assert "No events match" in open_page(viewer, "/history/", {"q": "absent"}).text


@pytest_asyncio.fixture
async def person(user: User) -> AsyncIterator[User]:
    """Whose requests are answered in another thread, which gives its connection back in the end."""
    yield user
    await sync_to_async(connections.close_all)()


async def exported(user: User, **query: Any) -> str:
    client = AsyncClient()
    await client.aforce_login(user)
    response = await client.get("/history/export/", query)
    assert response.status_code == 200
    return b"".join([part async for part in response]).decode()  # type: ignore[attr-defined]


async def test_json_lines_equal_the_log_and_the_export_is_recorded(person: User) -> None:
    await sync_to_async(publish)(*project())
    kept = await sync_to_async(read.events)(EventFilter(), newest_first=False)
    text = await exported(person, format="jsonl")
    assert [json.loads(line) for line in text.splitlines()] == [json.loads(json.dumps(one.to_dict())) for one in kept]
    [recorded] = await sync_to_async(read.events)(EventFilter.parse("type:history_exported"))
    assert recorded.source == "user:ada"
    assert (recorded.data["events"], recorded.data["finished"]) == (len(kept), True)


@pytest.mark.parametrize("form", ["csv", "csv-raw"])
async def test_no_cell_is_a_formula_and_numbers_stay_numbers(person: User, form: str) -> None:
    stated = [event("decision_logged", what=text, number=-5) for text in FORMULAS]
    await sync_to_async(publish)(*stated)
    text = await exported(person, format=form, columns="data.what,data.number")
    assert text.startswith(export.BOM)
    rows = list(csv.DictReader(io.StringIO(text.removeprefix(export.BOM), newline="")))
    assert [row["data.what"] for row in rows] == [f"'{formula}" for formula in FORMULAS]
    assert {row["data.number"] for row in rows} == {"-5"}


async def test_a_csv_file_has_sentences_names_and_times_of_the_reader_beside_the_raw_form(person: User) -> None:
    await sync_to_async(publish)(*project())
    text = await exported(person, format="csv", q="type:task_blocked", zone="Asia/Tokyo")
    [row] = csv.DictReader(io.StringIO(text.removeprefix(export.BOM), newline=""))
    [kept] = await sync_to_async(read.events)(EventFilter.parse("type:task_blocked"))
    tokyo = kept.timestamp.astimezone(ZoneInfo("Asia/Tokyo"))
    assert row["time (Asia/Tokyo)"] == f"{tokyo:%Y-%m-%d %H:%M:%S}"
    assert row["event"] == "Claude of shop is blocked on Build shop-2: No key for shop"
    assert (row["type"], row["board"], row["agent"]) == ("Task blocked", "The shop", "Claude of shop")
    assert (row["timestamp"], row["event_type"]) == (kept.to_dict()["timestamp"], "task_blocked")
    assert (row["board_id"], row["agent_id"], row["position"]) == ("shop", "agent_shop", str(kept.position))


async def test_the_page_says_how_an_export_ended(person: User) -> None:
    export._ended.clear()
    await sync_to_async(publish)(*project())
    client = AsyncClient()
    await client.aforce_login(person)
    assert "Exported" not in (await client.get("/history/exports/")).content.decode()
    response = await client.get("/history/export/", {"format": "csv"})
    _ = [part async for part in response]  # type: ignore[attr-defined]
    await sync_to_async(response.close)()
    assert "Exported 12 events" in (await client.get("/history/exports/")).content.decode()


@pytest.mark.usefixtures("log")
def test_no_more_than_a_batch_is_held_and_the_head_of_the_beginning_is_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "BATCH", 7)
    before = publish(*(event("decision_logged", what="x") for _ in range(20)))
    batches = queries.batches(EventFilter(), before[-1])
    first = next(batches)
    publish(event("decision_logged", what="later"))
    sizes = [first, *batches]
    assert [len(batch) for batch in sizes] == [7, 7, 6]
    assert [one.position for batch in sizes for one in batch] == before
