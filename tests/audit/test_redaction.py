"""Redaction: what an event said is gone, here and in the tables that were made of it; that it happened remains."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from marcus_events.audit.redaction import CannotRedact, redact
from marcus_events.core.event import Event, utc_now
from marcus_events.core.sentences import as_text, sentence
from marcus_events.ingest import ingest
from marcus_events.log import read
from marcus_events.models import Blocker, Board, LoggedEvent, Redaction, Task
from marcus_events.projections import PROJECTIONS, catch_up, rebuild
from marcus_events.projections.state_tables import STATE
from tests.audit.reading import on_record, only_event

pytestmark = pytest.mark.usefixtures("log")
SECRET = "the password is hunter2"


def published(event_type: str, **data: Any) -> int:
    metadata = {"board_id": "shop", "board_name": "The shop", "agent_name": SECRET}
    moment = utc_now() - timedelta(minutes=1)
    stated = {"task_id": "t1", "agent_id": "agent_1"} | data
    [receipt] = ingest([Event(f"{event_type}_1", moment, event_type, "marcus", stated, metadata)])
    catch_up(PROJECTIONS)
    return receipt.position or 0


def everything() -> str:
    """All tables but the record of what was removed: as text."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT table_name FROM information_schema.tables
            WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"""
        )
        found = []
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" AS t')
            found += [row[0] for row in cursor.fetchall()]
    return "\n".join(found)


def test_the_body_is_replaced_and_the_place_remains() -> None:
    position = published("task_blocked", description=SECRET, extra={"deep": [SECRET]})
    before = LoggedEvent.objects.get(position=position)
    redact(position, "ada", "it held a password", "192.0.2.7")
    after = LoggedEvent.objects.get(position=position)
    changed = {f.name for f in LoggedEvent._meta.fields if getattr(before, f.name) != getattr(after, f.name)}
    assert changed == {"data", "metadata"}
    at = Redaction.objects.get().at.isoformat()
    assert after.data == {"redacted": True, "by": "ada", "at": at, "reason": "it held a password"}
    assert after.metadata == {"board_id": "shop", "effect": {"description": "(redacted)"}}


def test_it_is_on_record_as_caused_by_the_event() -> None:
    position = published("task_blocked", description=SECRET)
    assert redact(position, "ada", "it held a password", "192.0.2.7") == only_event("event_redacted").position
    record = only_event("event_redacted")
    assert (record.data["by"], record.data["address"], record.data["position"]) == ("ada", "192.0.2.7", position)
    assert record.metadata["causation_id"] == "task_blocked_1"
    assert record.board_id is None


def test_the_text_is_nowhere_any_more_also_after_a_rebuild() -> None:
    created = published("task_created", task_name=SECRET, description=SECRET)
    blocked = published("task_blocked", description=SECRET)
    suggested = published("blocker_suggestion", suggestion={"text": SECRET})
    resolved = published("blocker_resolved", resolution=SECRET)
    assert everything().count("hunter2") > 4
    for position in (created, blocked, suggested, resolved):
        redact(position, "ada", "secret")
    assert "hunter2" not in everything()
    assert Blocker.objects.now().get().description == "(redacted)"
    assert (Task.objects.now().get().name, Task.objects.now().get().status) == ("t1", "in_progress")
    rebuild(STATE)
    assert Task.objects.now().get().status == "in_progress"
    assert "hunter2" not in everything()


def test_what_an_earlier_event_has_said_stays() -> None:
    published("task_created", task_name="Build the till")
    position = published("task_blocked", task_name="Build the till", description=SECRET)
    redact(position, "ada", "secret")
    assert Task.objects.now().get().name == "Build the till"
    assert Blocker.objects.now().get().description == "(redacted)"
    assert Board.objects.now().get().name == "The shop"


def test_the_same_event_sent_again_does_not_come_back() -> None:
    event = Event("e1", utc_now(), "task_progress", "marcus", {"task_id": "t1", "message": SECRET}, {})
    [first] = ingest([event])
    redact(first.position or 0, "ada", "secret")
    [again] = ingest([event])
    assert (again.status, again.position) == ("duplicate", first.position)
    assert "hunter2" not in everything()


def test_the_sentence_says_who_and_why() -> None:
    position = published("task_blocked", description=SECRET)
    redact(position, "ada", "it held a password")
    found = read.event(position)
    assert found
    now = Redaction.objects.get().at
    day = f"{now.day} {now:%B %Y}"
    assert as_text(sentence(found)) == f"Task blocked, redacted by ada on {day}: it held a password"


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_reason_is_needed(reason: str) -> None:
    with pytest.raises(CannotRedact, match="Enter a reason"):
        redact(published("task_blocked", description=SECRET), "ada", reason)
    assert "hunter2" in everything()


def test_it_happens_once_and_never_to_what_is_not_there_or_on_record() -> None:
    position = published("task_blocked", description=SECRET)
    record = redact(position, "ada", "secret")
    with pytest.raises(CannotRedact, match="already"):
        redact(position, "eve", "another reason")
    with pytest.raises(CannotRedact, match="Audit events"):
        redact(record, "eve", "to cover it up")
    with pytest.raises(CannotRedact, match="does not exist"):
        redact(4711, "ada", "secret")
    assert len(on_record("event_redacted")) == 1


def test_by_command() -> None:
    position = published("task_blocked", description=SECRET)
    call_command("redact", str(position), reason="secret")
    assert only_event("event_redacted").data["by"] == "command line"
    with pytest.raises(CommandError, match="already"):
        call_command("redact", str(position), reason="secret")
