"""docs/api.md is true: its requests are sent to a real server, in their order, and answered as it says."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import httpx
import pytest
from pytest_django.live_server_helper import LiveServer

from dashboard.management.gate import channel
from marcus_events.core import payload
from marcus_events.core.fold import HANDLERS
from marcus_events.doors import bodies, publishing, tokens
from marcus_events.projections import PROJECTIONS, catch_up

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text()
EXAMPLES = re.findall(r"^```(sh|python)\n(.*?)^```\n(?:\n```json\n(.*?)^```$)?", DOCUMENT, re.DOTALL | re.MULTILINE)

CURL = ArgumentParser()
CURL.add_argument("url")
CURL.add_argument("-sS", action="store_true")
CURL.add_argument("-G", dest="get", action="store_true")
CURL.add_argument("-H", dest="header", action="append", default=[])
CURL.add_argument("-d", "--data-urlencode", dest="data", action="append", default=[])


@pytest.mark.usefixtures("log")
def test_each_example_does_what_the_document_says(live_server: LiveServer) -> None:
    site = {"SITE": live_server.url, "TOKEN": tokens.create("reader of the document", ["publish", "read"])}
    assert len(EXAMPLES) > 10
    for language, example, answer in EXAMPLES:
        if language == "python":
            subprocess.run([sys.executable, "-c", example], env=os.environ | site, check=True, timeout=60)
        else:
            check(request(example, site), answer)
        catch_up(PROJECTIONS)


def request(example: str, site: dict[str, str]) -> httpx.Response:
    """What curl would send, without asking for curl to be installed."""
    words = shlex.split(re.sub(r"\$(\w+)", lambda name: site[name[1]], example.replace("\\\n", "")))
    stated = CURL.parse_args(words[1:])
    headers = dict(header.split(": ", 1) for header in stated.header)
    if stated.get:
        query = dict(pair.split("=", 1) for pair in stated.data)
        return httpx.get(stated.url, params=query, headers=headers)
    if stated.data:
        return httpx.post(stated.url, content=stated.data[0], headers=headers)
    return httpx.get(stated.url, headers=headers)


def check(response: httpx.Response, answer: str) -> None:
    given = response.json()
    if not answer:
        assert response.status_code == 200, given
        return
    said = json.loads(answer)
    if "series" in said:
        assert [set(minute) for minute in given["series"]] == [set(said["series"][0])] * 60
        given["series"] = said["series"]
    assert without_times(given) == without_times(said)


def without_times(value: Any) -> Any:
    """Times differ from run to run; that there is one, and how it is written, does not."""
    return json.loads(re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00", "TIME", json.dumps(value)))


def test_the_limits_are_those_of_the_code() -> None:
    rows = dict(re.findall(r"^\| (.+?) \| (.+?) \|$", DOCUMENT, re.MULTILINE))
    assert rows["a request's body"] == f"{bodies.MAX_BODY // 1024**2} MiB, uncompressed"
    assert rows["events in a request"] == str(publishing.MAX_BATCH)
    assert rows["`data` and `metadata` of an event, together"] == (
        f"{payload.MAX_EVENT_BYTES // 1024} KiB as JSON, {payload.MAX_KEYS:,} keys over all levels"
    )
    assert rows["objects and arrays within one another"] == f"{payload.MAX_DEPTH} levels"
    assert rows["a key"] == f"{payload.MAX_KEY_BYTES} bytes"
    assert rows["`event_id`, `event_type`, `source`"] == f"{payload.MAX_NAME_BYTES} bytes"
    assert rows["a request line and its headers"] == (
        f"{channel.Channel.totalHeadersSize // 1024} KiB together, {channel.Channel.maxHeaders} headers"
    )
    assert rows["the time until a request is there whole"] == f"{channel.RECEIVE_S} s"
    assert rows["the time to take a piece of an answer"] == f"{channel.TAKE_S} s"
    assert payload.MAX_NUMBER == 2**53 - 1


def test_every_type_that_moves_the_board_is_named() -> None:
    assert [event_type for event_type in HANDLERS if f"`{event_type}`" not in DOCUMENT] == ["task_requested"]


def test_every_address_is_named() -> None:
    from marcus_events.api.urls import urlpatterns

    named = [str(pattern.pattern).replace("<int:position>", "4") for pattern in urlpatterns]
    assert [path for path in named if path and f"/api/{path}" not in DOCUMENT] == []
