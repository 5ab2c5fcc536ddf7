"""docs/websocket.md is true: its programs run against a real server, its frames are those of the description."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from marcus_events.http import event_shapes, json_body
from marcus_events.websocket import consumer, frame_handlers, incoming, subscriptions
from tests.running_server import Running
from tests.websocket.test_asyncapi import check

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "websocket.md").read_text()
PROGRAMS = dict(re.findall(r"^```(python|js)\n(.*?)^```", DOCUMENT, re.DOTALL | re.MULTILINE))
FRAMES = re.findall(r"^```json\n(.*?)^```", DOCUMENT, re.DOTALL | re.MULTILINE)


def test_the_programs_publish_and_are_sent_what_was_published(impatient: Running, program_token: str) -> None:
    site = {"SITE": impatient.base_url, "TOKEN": program_token}
    first, second = run([sys.executable, "-c", PROGRAMS["python"]], site)
    assert "'status': 'accepted'" in first
    assert re.fullmatch(r"[0-9]+ deploy_finished", second)
    if "--experimental-websocket" not in options_of_node():
        pytest.skip("no Node.js with a WebSocket here; the program in Python does what it says")
    assert run(["node", "--experimental-websocket", "--input-type=module", "-e", PROGRAMS["js"]], site) == [second]


def run(command: list[str], site: dict[str, str]) -> list[str]:
    done = subprocess.run(command, env=os.environ | site, check=True, timeout=180, capture_output=True, text=True)
    return done.stdout.splitlines()


def options_of_node() -> str:
    """Node.js 20 has a WebSocket, newer ones without being asked."""
    if not shutil.which("node"):
        return ""
    return subprocess.run(["node", "--help"], check=True, timeout=180, capture_output=True, text=True).stdout


def test_every_frame_in_it_is_one() -> None:
    found = [frame for text in FRAMES for frame in all_in(text)]
    assert len(found) >= 8
    for frame in found:
        if frame["type" if "type" in frame else "action"] != "event":
            check(frame.get("type") or frame["action"], frame)


def all_in(text: str) -> list[dict[str, Any]]:
    decoder, found, at = json.JSONDecoder(), [], 0
    while at < len(text.rstrip()):
        frame, at = decoder.raw_decode(text, at)
        found.append(frame)
        at = len(text) - len(text[at:].lstrip())
    return found


def test_its_limits_and_codes_are_those_of_the_code() -> None:
    rows = dict(re.findall(r"^\| (.+?) \| (.+?) \|$", DOCUMENT, re.MULTILINE))
    assert rows["frame"] == f"{json_body.MAX_BODY // 1024**2} MiB"
    assert rows["subscriptions per connection"] == str(frame_handlers.MAX_SUBSCRIPTIONS)
    assert rows["patterns per subscription"] == str(incoming.MAX_PATTERNS)
    assert rows["`q`"] == f"{incoming.MAX_QUERY} characters"
    assert rows["`id`"] == f"{incoming.MAX_ID} characters"
    assert rows["events per frame"].startswith(str(event_shapes.MAX_BATCH))
    assert rows["4400"].startswith(str(consumer.MAX_MISTAKES))
    assert f"every {consumer.CHECK_S:g} seconds" in rows["4401"]
    assert f"every {subscriptions.HEARTBEAT_S:g} seconds" in DOCUMENT
    codes = {consumer.MISTAKES, consumer.FAILED, *consumer.CODES.values()}
    assert {int(code) for code in rows if code.isdecimal()} == codes | {1009}
