"""What only the system may say is refused from everybody else, by whatever way it comes to the log."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from marcus_events import Event, Events
from marcus_events.core.event import utc_now
from marcus_events.core.event_types import ALIASES, MEANINGS, types_of
from marcus_events.core.reserved import (
    RESERVED_TYPES,
    Authority,
    is_reserved_source,
    is_reserved_type,
    person_in,
    source_of,
)
from marcus_events.ingest import ingest, ingest_async
from marcus_events.log import read
from marcus_events.log_persistence import LogPersistence
from tests.intrude.attacks.forgery import FORGED_SOURCES, FORGED_TYPES

SOURCES = Path(__file__).resolve().parents[2]
THE_SYSTEM = {
    "marcus_events/blockers/actions.py",
    "dashboard/pages/boards/demo_views.py",
    "marcus_events/blockers/replies.py",
    "marcus_events/audit/writer.py",
    "marcus_events/blockers/waiting.py",
    "marcus_events/ingest.py",
    "marcus_events/audit/redaction.py",
    "marcus_events/retention/removal_declarations.py",
    "marcus_events/sources/demo.py",
    "marcus_events/sources/simulation/player.py",
}


def made(event_type: str = "note", source: str = "planner", **more: Any) -> Event:
    return Event("e1", utc_now(), event_type, source, more.get("data", {}), more.get("metadata", {"board_id": "shop"}))


def test_every_audit_type_is_reserved() -> None:
    assert set(types_of("audit")) <= RESERVED_TYPES


@pytest.mark.parametrize("name", FORGED_TYPES)
def test_a_reserved_type_is_known_however_it_is_written(name: str) -> None:
    assert is_reserved_type(name)


@pytest.mark.parametrize("name", FORGED_SOURCES)
def test_a_reserved_source_is_known_however_it_is_written(name: str) -> None:
    assert is_reserved_source(name)


def test_every_other_type_is_free() -> None:
    names = [*(MEANINGS.keys() - RESERVED_TYPES), *ALIASES, "nightly_backup", "token_count", "board_removed_by_hand"]
    assert not [name for name in names if is_reserved_type(name)]


@pytest.mark.parametrize(
    "name",
    [
        "marcus",
        "agent_claude_1",
        "user",
        "users:ann",
        "system",
        "systemd",
        "programmer",
        "ann",
        "ci:user:x",
        "программа",
    ],
)
def test_other_sources_are_free(name: str) -> None:
    assert not is_reserved_source(name)


@pytest.mark.parametrize(
    "event",
    [
        made("token_revoked"),
        made("Blocker_Answered"),
        made(source="user:admin"),
        made(source="USER: admin"),
        made(metadata={"board_id": "shop", "demo": True}),
        made(metadata={"board_id": "demo"}),
        made(metadata={}, data={"project_id": "demo"}),
        made(data={"redacted": True, "by": "ann", "at": "2026-05-04T09:00:00+00:00", "reason": "x"}),
    ],
)
@pytest.mark.usefixtures("log")
def test_it_is_refused_from_everybody_but_the_system(event: Event) -> None:
    for authority in (Authority.ANY_BOARD, Authority.OWN_BOARDS):
        [receipt] = ingest([event], authority)
        assert (receipt.status, receipt.why, receipt.position) == ("rejected", "forbidden", None)
        assert receipt.pointer
        assert "reserved" in (receipt.error or "") or "bundled demo" in (receipt.error or "")
    assert read.head().position == 0
    assert ingest([event], Authority.SYSTEM)[0].status == "accepted"


@pytest.mark.usefixtures("log")
async def test_events_in_a_process_with_the_log_behind_it_are_refused_too(caplog: pytest.LogCaptureFixture) -> None:
    async with Events(persistence=LogPersistence()) as events:
        await events.publish("blocker_answered", "planner", {"by": "ann"})
        await events.publish("note", "user:ann", {})
        events.policies.declare("board_removed", "ephemeral")
        await events.publish("board_removed", "planner", {})
        assert events.metrics()["storing"]["refused"] == 3
    assert caplog.text.count("is reserved") == 3
    assert (await ingest_async([made()]))[0].position == 1


def test_a_persons_name_comes_from_a_source_of_people_alone() -> None:
    assert person_in(source_of("user:", "ann")) == "ann"
    assert [person_in(source) for source in ("ann", "User:ann", " user:ann", "program:ann", "user:")] == [""] * 5
    assert len(source_of("user:", "ä" * 400).encode()) <= 512


def test_only_these_modules_speak_as_the_system() -> None:
    files = [
        path for part in ("config", "dashboard", "marcus_events", "server") for path in (SOURCES / part).rglob("*.py")
    ]
    assert {str(path.relative_to(SOURCES)) for path in files if names_the_system(path)} == THE_SYSTEM


def names_the_system(path: Path) -> bool:
    nodes = ast.walk(ast.parse(path.read_text()))
    return any(isinstance(node, ast.Attribute) and ast.unparse(node) == "Authority.SYSTEM" for node in nodes)
