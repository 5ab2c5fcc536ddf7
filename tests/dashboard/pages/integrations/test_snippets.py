"""The programs to copy do what they say: each is run against a real server, and its event is in the log."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from pytest_django.live_server_helper import LiveServer

from dashboard.pages.integrations import snippets
from dashboard.pages.integrations.forms import NewToken
from marcus_events.access import tokens
from marcus_events.models import LoggedEvent

PYTHON = {"client", "urllib", "sdk"}
KEYS = [snippet.key for snippet in snippets.SNIPPETS]


@pytest.mark.usefixtures("log")
def test_each_program_publishes_for_the_board_and_the_source_of_its_token(
    live_server: LiveServer, tmp_path: Path
) -> None:
    secret = tokens.create("new", ["publish"], ["mine"], ["agent_*"])
    found = snippets.fill_snippets(live_server.url, NewToken("new", secret, ["mine"], ["agent_*"]))
    for n, snippet in enumerate(found, 1):
        if snippet.key == "javascript" and not shutil.which("node"):
            continue
        run(snippet, tmp_path)
        last = LoggedEvent.objects.order_by("-position")[0]
        assert (last.position, last.board_id, last.source, last.task_id) == (n, "mine", "agent_my_agent", "try"), (
            snippet
        )


def run(snippet: snippets.Snippet, directory: Path) -> None:
    if snippet.code.startswith("curl"):
        post(shlex.split(snippet.code.replace("\\\n", "")))
        return
    program = ["node", "--input-type=module", "-e"] if snippet.key == "javascript" else [sys.executable, "-c"]
    environment = os.environ | {"XDG_STATE_HOME": str(directory)}
    subprocess.run([*program, snippet.code], env=environment, check=True, timeout=180, capture_output=True)


def post(words: list[str]) -> None:
    """What curl would send, without asking for curl to be installed."""
    headers = dict(words[n + 1].split(": ", 1) for n, word in enumerate(words) if word == "-H")
    answer = httpx.post(words[1], content=words[words.index("-d") + 1], headers=headers)
    assert answer.status_code == 201, answer.text


def test_without_a_new_token_they_say_where_it_goes() -> None:
    for snippet in snippets.fill_snippets("http://here"):
        assert snippets.PLACEHOLDER in snippet.code
        assert "http://here" in snippet.code
        assert not re.search(r"{(site|token|board|source)}", snippet.code)


@pytest.mark.parametrize(
    "name", ["'; rm -rf ~; '", '"', "a b", "$(x)", "`x`", "\\", "{token}", "x" * 65, "-x", "", "é"]
)
def test_what_is_no_plain_name_stays_out_of_a_program(name: str) -> None:
    plain = snippets.fill_snippets("http://here", NewToken("n", "mev_x", [], []))
    assert snippets.fill_snippets("http://here", NewToken("n", "mev_x", [name], [name])) == plain
