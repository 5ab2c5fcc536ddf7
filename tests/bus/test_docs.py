"""docs/events.md is true: every example runs, each on an `Events` of its own."""

from __future__ import annotations

import ast
import asyncio
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest

from marcus_events import Events, default_events
from marcus_events.bus import batching, events, storage_policies, streams
from marcus_events.bus.memory_persistence import MemoryPersistence
from marcus_events.bus.pending import MAX_IN_MEMORY
from marcus_events.bus.store_attempts import STORE_TIMEOUT_S
from marcus_events.subscriptions import runner

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "events.md").read_text()
PROGRAM, *EXAMPLES = re.findall(r"^```python\n(.*?)^```$", DOCUMENT, re.DOTALL | re.MULTILINE)


def test_the_first_example_is_a_program(capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(PROGRAM, "docs/events.md", "exec"), {})  # noqa: S102 - our own document
    assert capsys.readouterr().out == "agent_1 needs a database\n"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.strip().splitlines()[0][:40])
async def test_each_example_does_what_it_says(example: str) -> None:
    function = "async def example(events):\n" + textwrap.indent(example, "    ")
    place: dict[str, Any] = {"asyncio": asyncio, "Events": Events, "MemoryPersistence": MemoryPersistence}
    exec(compile(ast.parse(function), "docs/events.md", "exec"), place)  # noqa: S102 - our own document
    async with Events(store_history=True) as given:
        await asyncio.wait_for(place["example"](given), 20)


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("A handler has 30 seconds", events.HANDLER_TIMEOUT_S),
        ("At most 1,000 events", events.MAX_IN_FLIGHT),
        ("within 50 ms", batching.MAX_DELAY_S * 1_000),
        ("with 500 others", batching.MAX_BATCH),
        ("A stream holds 1,000", streams.BUFFER),
        ("longer than two seconds", STORE_TIMEOUT_S),
        ("beyond 10,000 events", MAX_IN_MEMORY),
        ("after ten seconds", runner.LEASE_S),
        ("after five attempts", runner.MAX_ATTEMPTS),
    ],
)
def test_its_figures_are_those_of_the_code(words: str, value: float) -> None:
    named = {"two": 2, "five": 5, "ten": 10}
    assert " ".join(words.split()) in " ".join(DOCUMENT.split())
    stated = re.search(r"[\d,]+|two|five|ten", words)
    assert stated
    assert (named.get(stated[0]) or float(stated[0].replace(",", ""))) == value


def test_every_policy_is_explained() -> None:
    assert [name for name in storage_policies.POLICIES if f"{name} events" not in DOCUMENT] == []


def test_handlers_import_the_default_events_from_the_documented_path() -> None:
    """Handler modules import `get_events` from there; `tests/management/test_handlers.py` runs one."""
    (statement,) = re.findall(r"^from marcus_events.shared import .*$", DOCUMENT, re.MULTILINE)
    imported: dict[str, Any] = {}
    exec(statement, imported)  # noqa: S102 - our own document
    assert imported["get_events"] is default_events.get_events
