"""A redacted event leaves its words in no row; what it did stays, and the rows are those that a rebuild would make."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from marcus_events.audit.redaction import CannotRedact, redact
from marcus_events.blockers.replies import SENT_SUFFIX
from marcus_events.core.event import Event, RecordedEvent, utc_now
from marcus_events.core.event_types import category_of
from marcus_events.core.reserved import RESERVED_TYPES, Authority
from marcus_events.ingest import ingest
from marcus_events.log import read
from marcus_events.models import Agent, Blocker, Board, Dependency, Redaction, Task
from marcus_events.projections import STATE, catch_up, rebuild
from tests.audit.reading import behind_the_back
from tests.core import drawn_events
from tests.projections.test_drawn_logs import begin_again
from tests.projections.test_projector import copied

pytestmark = pytest.mark.usefixtures("log")
SECRET = "wqzxkv"
TASKS = "board_id", "task_id", "status", "status_since", "agent_id", "progress"
BLOCKERS = (
    "blocker_id", "task_id", "agent_id", "severity", "opened_at", "resolved_at", "snoozed_until", "answer_id",
    "answer_due", "awaited_until", "seen_at", "resumed_at",
)  # fmt: skip


def tables() -> dict[str, bytes]:
    return {table._meta.db_table: copied(table._meta.db_table) for table in STATE.tables}


def present() -> list[Any]:
    """What is so now, without what it is called and said of it."""
    tasks = list(Task.objects.now().order_by("board_id", "task_id").values_list(*TASKS))
    agents = list(Agent.objects.now().order_by("board_id", "agent_id").values_list("board_id", "agent_id", "task_id"))
    return [tasks, agents, list(Blocker.objects.now().order_by("blocker_id").values_list(*BLOCKERS))]


def published(event_type: str, event_id: str = "", **data: Any) -> int:
    metadata = {"board_id": "shop", **data.pop("metadata", {})}
    stated = {"task_id": "t1", "agent_id": "agent_1"} | data
    event_id = event_id or f"evt_{read.head().position + 1}"
    source = "user:ada" if event_type in RESERVED_TYPES or event_id.endswith(SENT_SUFFIX) else "marcus"
    said = Event(event_id, utc_now() - timedelta(minutes=1), event_type, source, stated, metadata)
    [receipt] = ingest([said], Authority.SYSTEM)
    catch_up([STATE])
    return receipt.position or 0


def redacted(*positions: int) -> None:
    """And nothing of it is left, as it would be after a rebuild."""
    before = present()
    for position in positions:
        redact(position, "ada", "secret")
    assert SECRET not in "".join(text.decode() for text in tables().values())
    assert present() == before
    found = tables()
    rebuild(STATE)
    assert tables() == found


def repeats(event: RecordedEvent, other: RecordedEvent) -> bool:
    """Whether the other one is the same complaint, later: once the first is redacted, a rebuild counts it by itself."""
    words = [
        [text for name in ("description", "reason") if isinstance(text := e.data.get(name), str) and text]
        for e in (event, other)
    ]
    is_later = other.position > event.position and other.task_id == event.task_id
    return is_later and event.event_type == other.event_type == "task_blocked" and words[0][:1] == words[1][:1]


def test_whatever_the_log_the_rows_are_those_of_the_log_as_it_stands() -> None:
    @settings(max_examples=40)
    @given(st.lists(drawn_events.events | drawn_events.busy_events, min_size=1, max_size=30), st.data())
    def rows_are_a_rebuild(events: list[Event], data: st.DataObject) -> None:
        begin_again()
        behind_the_back("redaction", "DELETE FROM redaction")
        ingest([Event(f"evt_{n}", *drawn_events.fields(event)) for n, event in enumerate(events)], Authority.SYSTEM)
        catch_up([STATE])
        log = read.following(0, len(events))
        assume(log)
        for event in data.draw(st.lists(st.sampled_from(log), min_size=1, max_size=4, unique_by=lambda e: e.position)):
            assume(category_of(event.event_type) != "audit" and not any(repeats(event, other) for other in log))
            before = present()
            redact(event.position, "ada", "secret")
            assert present() == before
            found = tables()
            rebuild(STATE)
            assert tables() == found

    rows_are_a_rebuild()


def test_no_column_keeps_a_text_whatever_event_it_came_by() -> None:
    names = ("task_name", "agent_name", "description", "priority", "project_name", "role", "status", "blocker_type")
    more = ("board_type", "external_id", "sync_status", "error", "depends_on_board_id")
    words: dict[str, Any] = dict.fromkeys((*names, *more, "resolution", "answer", "by", "assignee"), SECRET)
    words |= {"labels": [SECRET], "skills": [SECRET], "depends_on": [SECRET], "suggestion": {"deep": [{"x": SECRET}]}}
    words |= {"external_url": f"https://{SECRET}.example/{{external_id}}"}
    types = ["agent_registered", "agent_status_changed", "task_created", "task_assigned", "task_started"]
    types += ["task_blocked", "blocker_suggestion", "blocker_assigned", "blocker_acknowledged", "blocker_answered"]
    types += ["blocker_resolved", "task_progress", "dependency_detected", "task_completed", "project_created"]
    types += ["kanban_error", "fallback_mode", "kanban_connected"]
    positions = [published(name, **words, metadata={"board_name": SECRET, "agent_name": SECRET}) for name in types]
    assert "".join(text.decode() for text in tables().values()).count(SECRET) > 30
    redacted(*positions)
    assert Board.objects.now().get().name == "shop"


def test_a_blocker_without_a_board_belongs_to_the_board_of_its_task() -> None:
    published("task_created", task_name="Build the cart")
    [receipt] = ingest([Event("e", utc_now(), "task_blocked", "agent_1", {"task_id": "t1", "description": SECRET}, {})])
    catch_up([STATE])
    assert Blocker.objects.now().get().board_id == "shop"
    redacted(receipt.position or 0)
    assert (Blocker.objects.now().get().description, Task.objects.now().get().status) == ("(redacted)", "blocked")


def test_a_name_that_a_later_event_states_counts_from_there_on() -> None:
    first = published("task_started", task_name=SECRET, metadata={"board_name": f"The {SECRET}"})
    published("task_progress", task_name="Build the cart", metadata={"board_name": "The shop"})
    redacted(first)
    assert (Task.objects.now().get().name, Board.objects.now().get().name) == ("Build the cart", "The shop")


def test_an_event_that_names_no_board_counts_from_its_own_time() -> None:
    """It is older than the redacted one, whose row it could not begin before."""
    first, second, third = (utc_now() - timedelta(minutes=minutes) for minutes in (3, 1, 2))
    about: dict[str, Any] = {"task_id": "t1", "agent_id": "agent_1"}
    ingest([Event("1", first, "task_created", "marcus", about, {"board_id": "shop"})])
    said = {"board_id": "shop", "external_url": f"https://{SECRET}.example/{{external_id}}"}
    [receipt] = ingest([Event("2", second, "agent_status_changed", "marcus", about, said)])
    ingest([Event("3", third, "task_progress", "marcus", about, {"board_name": "The shop"})])
    catch_up([STATE])
    redacted(receipt.position or 0)
    assert Board.objects.get(to_position=3).to_time == Board.objects.now().get().from_time == third


def test_a_label_that_is_stated_again_is_kept() -> None:
    first = published("task_created", labels=["urgent"], description=SECRET)
    published("task_created", labels=["urgent"])
    redacted(first)
    assert Task.objects.now().get().labels == ["urgent"]


def test_a_named_blocker_stays_resolved_and_the_other_open() -> None:
    published("task_blocked", "first", description="No key")
    published("task_blocked", "second", description="No access")
    redacted(published("blocker_resolved", blocker_event_id="first", resolution=SECRET))
    assert [row.resolved_at is None for row in Blocker.objects.now().order_by("blocker_id")] == [False, True]


def test_two_complaints_that_are_redacted_are_still_two_and_a_repeated_one_is_none() -> None:
    one, two = published("task_blocked", description=SECRET), published("task_blocked", description=f"{SECRET} 2")
    repeated = published("task_blocked", description=SECRET)
    redacted(repeated, one, two)
    assert Blocker.objects.now().filter(resolved_at=None).count() == 2


def test_what_retention_has_removed_still_counts() -> None:
    """The rows alone tell of it: a rebuild could not."""
    complaint = published("task_blocked", "first", description=SECRET, metadata={"board_name": SECRET})
    resolution = published("blocker_resolved", blocker_event_id="first", resolution="Use the other key")
    named = published("project_updated", project_name="The shop")
    done = published("task_completed")
    behind_the_back("event", "DELETE FROM event WHERE position = ANY(%s)", [[resolution, named, done]])
    before = present()
    redact(complaint, "ada", "secret")
    assert SECRET not in "".join(text.decode() for text in tables().values())
    assert present() == before
    assert (Blocker.objects.now().get().resolution, Board.objects.now().get().name) == ("Use the other key", "The shop")


def test_a_task_that_is_finished_stays_finished_and_what_it_waits_for_is_known() -> None:
    published("task_created", task_id="t2")
    waits = published("dependency_detected", depends_on_id="t2", why=SECRET)
    redacted(waits, published("task_progress", status="completed", message=SECRET))
    assert Task.objects.now().get(task_id="t1").status == "done"
    assert Dependency.objects.now().get().depends_on_id == "t2"


def test_an_event_that_is_not_projected_yet_comes_in_without_its_words() -> None:
    [receipt] = ingest([Event("e", utc_now(), "task_blocked", "agent_1", {"task_id": "t1", "description": SECRET}, {})])
    redact(receipt.position or 0, "ada", "secret")
    catch_up([STATE])
    assert Blocker.objects.now().get().description == "(redacted)"


def test_an_answer_is_redacted_as_it_was_given_and_as_it_was_sent() -> None:
    published("task_blocked", "first", description="No key")
    answer = {"blocker_event_id": "first", "by": "ada"}
    given = published("blocker_answered", "act_1", answer=SECRET, **answer)
    sent = published("blocker_resolved", "act_1:sent", resolution=SECRET, answer_id="act_1", **answer)
    redacted(given)
    assert set(Redaction.objects.values_list("position", flat=True)) == {given, sent}
    with pytest.raises(CannotRedact, match="already"):
        redact(sent, "ada", "secret")


def test_the_marker_of_a_redaction_is_not_taken_for_the_events_own_words() -> None:
    redacted(published("task_blocked", other=SECRET))
    assert Blocker.objects.now().get().description == "No reason was given"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM blocker WHERE description = 'secret'")
        assert cursor.fetchone() == (0,)
