"""docs/api.md and docs/publishing.md are true: a real server is asked what they ask, and answers as they say."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings
from pytest_django.live_server_helper import LiveServer

from marcus_events.access import tokens
from marcus_events.api.description import description
from marcus_events.core import payload
from marcus_events.core.event_types import types_of
from marcus_events.core.reducers import HANDLERS
from marcus_events.core.reserved import RESERVED_TYPES
from marcus_events.http import event_shapes, json_body
from marcus_events.projections import PROJECTIONS, catch_up
from server import limits
from server.http_channel import LimitedHTTPChannel

DOCS = Path(__file__).resolve().parents[2] / "docs"
DOCUMENT = (DOCS / "api.md").read_text()
EXAMPLES = re.compile(r"^```(sh|python|js)\n(.*?)^```\n(?:\n```json\n(.*?)^```$)?", re.DOTALL | re.MULTILINE)
COMMANDS = {"python": [sys.executable, "-c"], "js": ["node", "--input-type=module", "-e"]}

CURL = ArgumentParser()
CURL.add_argument("url")
CURL.add_argument("-sS", action="store_true")
CURL.add_argument("-G", dest="get", action="store_true")
CURL.add_argument("-H", dest="header", action="append", default=[])
CURL.add_argument("-d", "--data-urlencode", dest="data", action="append", default=[])


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("name", ["api.md", "publishing.md"])
def test_each_example_does_what_the_document_says(live_server: LiveServer, name: str, tmp_path: Path) -> None:
    token = tokens.create("reader of the document", ["publish", "read"])
    site = {"SITE": live_server.url, "TOKEN": token, "XDG_STATE_HOME": str(tmp_path)}
    examples = EXAMPLES.findall((DOCS / name).read_text())
    assert len(examples) > 6
    missing = [language for language, example, answer in examples if not run(language, example, answer, site)]
    if missing:
        pytest.skip(f"no program here runs {', '.join(missing)}; the other examples do what they say")


def run(language: str, example: str, answer: str, site: dict[str, str]) -> bool:
    """Run an example and compare its answer; whether there is a program here that runs it."""
    command = COMMANDS.get(language, [])
    if command and not shutil.which(command[0]):
        return False
    if command:
        subprocess.run([*command, example], env=os.environ | site, check=True, timeout=180)
    else:
        check(request(example, site), answer)
    catch_up(PROJECTIONS)
    return True


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
        assert response.is_success, given
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
    rows = dict(re.findall(r"^\| (.+?) \| (.+?) \| .*\|$", DOCUMENT, re.MULTILINE))
    assert rows["request body"] == f"{json_body.MAX_BODY // 1024**2} MiB, uncompressed"
    assert rows["events in a request"] == str(event_shapes.MAX_BATCH)
    assert rows["query parameters of a URL"] == f"{settings.DATA_UPLOAD_MAX_NUMBER_FIELDS:,}"
    assert rows["`data` and `metadata` of an event, together"] == f"{payload.MAX_EVENT_BYTES // 1024} KiB as JSON"
    assert rows["their keys, over all levels"] == f"{payload.MAX_KEYS:,}"
    assert rows["nested objects and arrays"] == f"{payload.MAX_DEPTH} levels"
    assert rows["a key"] == f"{payload.MAX_KEY_BYTES} bytes"
    assert rows["`event_id`, `event_type`, `source`"] == f"{payload.MAX_NAME_BYTES} bytes"
    assert rows["request line and headers"] == (
        f"{LimitedHTTPChannel.totalHeadersSize // 1024} KiB together, {LimitedHTTPChannel.maxHeaders} headers"
    )
    assert rows["time to receive a request"] == f"{limits.RECEIVE_TIMEOUT_S} s"
    assert rows["time for the client to read a part of a response"] == f"{limits.SEND_TIMEOUT_S} s"
    assert payload.MAX_NUMBER == 2**53 - 1


def test_every_limit_has_its_name_there() -> None:
    """Those that the sources name, where they refuse."""
    package = DOCS.parent / "marcus_events"
    sources = "".join(
        path.read_text() for part in ("core", "access", "http", "api") for path in (package / part).glob("*.py")
    )
    limits = set(re.findall(r'(?:limit="|raise InvalidEvent\(.*, ")([a-z_]+)"\)', sources))
    limits |= {f"{name}_rate" for name in rates_of_the_api()}
    assert limits >= {"depth", "batch", "text", "parameters", "token_rate"}
    assert [name for name in limits if f"`{name}`" not in DOCUMENT] == []


def rates_of_the_api() -> dict[str, str]:
    """Signing in is for people: see docs/access.md."""
    return {name: rate for name, rate in settings.RATES.items() if name != "sign_in"}


def test_every_rate_is_the_one_that_is_set() -> None:
    text = " ".join(DOCUMENT.split())
    assert "1,000 requests a second per token, 2,000 requests a second per address" in text
    assert "60 requests a minute with unknown tokens per address" in text
    assert rates_of_the_api() == {"address": "2000/second", "token": "1000/second", "stranger": "60/minute"}


def test_every_status_that_is_described_is_explained() -> None:
    described = {
        status for path in description()["paths"].values() for each in path.values() for status in each["responses"]
    }
    assert [status for status in described - {"200"} if f"| {status} |" not in DOCUMENT] == []


def test_every_type_that_moves_the_board_is_named() -> None:
    assert [event_type for event_type in HANDLERS if f"`{event_type}`" not in DOCUMENT] == ["task_requested"]
    reserved = DOCUMENT.partition("### Reserved types and sources")[2].partition("### Publish results")[0]
    assert [name for name in RESERVED_TYPES - set(types_of("audit")) if f"`{name}`" not in reserved] == []


def test_every_address_is_named() -> None:
    from marcus_events.api.urls import urlpatterns

    named = [str(pattern.pattern).replace("<int:position>", "4") for pattern in urlpatterns]
    assert [path for path in named if path and f"/api/{path}" not in DOCUMENT] == []
