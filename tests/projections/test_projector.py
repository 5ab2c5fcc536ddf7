"""Projections: derived from the log, the same however they got there, and true of every past moment."""

from __future__ import annotations

import gc
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

import pytest
from django.db import close_old_connections, connection
from django.db.models import Model

from marcus_events.core.event import Event, RecordedEvent, utc_now
from marcus_events.core.reducers import fold
from marcus_events.core.reserved import Authority
from marcus_events.core.state import KINDS, State, StateItem
from marcus_events.ingest import ingest
from marcus_events.log import read
from marcus_events.log.connect import connect
from marcus_events.log.listener import PROJECTED_CHANNEL
from marcus_events.log.rows import rows
from marcus_events.models import Board, Checkpoint, DailyRate, HourlyRate, Rate, Task
from marcus_events.projections import PROJECTIONS, STATE, Projection, Projector, catch_up, lag, rebuild
from marcus_events.projections.interval_rows import TABLE_OF
from marcus_events.projections.projector import BATCH, step
from tests.audit.reading import behind_the_back
from tests.lively_log import lively_events, removals_in, shown_on_pages
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("log")

COUNT = 1_500


@pytest.fixture
def events(log: None) -> list[RecordedEvent]:
    """A lively log, some events of which are refused or known already, as in life."""
    offered = lively_events(COUNT)
    ingest(offered + offered[:10], Authority.SYSTEM)
    return read.following(0, COUNT + 10)


def tables_as_bytes() -> dict[str, bytes]:
    """Every row of every projection, as PostgreSQL writes it out."""
    names = [table._meta.db_table for projection in PROJECTIONS for table in projection.tables]
    return {name: copied(name) for name in names}


def copied(table: str) -> bytes:
    query = f"COPY (SELECT * FROM {table} t ORDER BY t) TO STDOUT"  # noqa: S608
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        return b"".join(bytes(chunk) for chunk in copy)


def test_a_rebuild_gives_byte_equal_tables(events: list[RecordedEvent]) -> None:
    catch_up(PROJECTIONS)
    before = tables_as_bytes()
    assert all(before.values())
    for projection in PROJECTIONS:
        assert rebuild(projection) == len(events)
    assert tables_as_bytes() == before


def test_a_rebuild_of_all_reads_the_log_once_in_batches(
    events: list[RecordedEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    catch_up(PROJECTIONS)
    before = tables_as_bytes()
    monkeypatch.setattr("marcus_events.projections.rebuilding.BATCH", 400)
    progress: list[int] = []
    assert rebuild(*PROJECTIONS, progress=lambda done, total: progress.append(done)) == len(events)
    assert progress == [400, 800, 1_200, len(events)]
    assert tables_as_bytes() == before
    assert {projection.name: lag(projection.name) for projection in PROJECTIONS} == dict.fromkeys(
        ("state", "rates", "search"), 0
    )


def test_a_rebuild_that_fails_changes_nothing(events: list[RecordedEvent], monkeypatch: pytest.MonkeyPatch) -> None:
    catch_up(PROJECTIONS)
    before, checkpoints = tables_as_bytes(), list(Checkpoint.objects.order_by("pk").values())
    with monkeypatch.context() as broken:
        broken.setattr("marcus_events.projections.search_index.copy", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            rebuild(*PROJECTIONS)
    assert tables_as_bytes() == before
    assert list(Checkpoint.objects.order_by("pk").values()) == checkpoints


def test_a_rebuild_leaves_the_garbage_collector_as_it_was(
    events: list[RecordedEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, meanwhile = gc.get_threshold(), list[int]()
    rebuild(STATE, progress=lambda done, total: meanwhile.append(gc.get_threshold()[0]))
    assert meanwhile[0] > before[0]
    assert gc.get_threshold() == before
    monkeypatch.setattr("marcus_events.projections.state_tables.write_intervals", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        rebuild(STATE)
    assert gc.get_threshold() == before


def test_a_rebuild_that_cannot_read_on_changes_nothing(
    events: list[RecordedEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    catch_up(PROJECTIONS)
    before, checkpoints = tables_as_bytes(), list(Checkpoint.objects.order_by("pk").values())
    following, reads = read.following, list[int]()

    def break_off(position: int, *args: Any, **options: Any) -> list[RecordedEvent]:
        reads.append(position)
        if position:
            raise ConnectionError
        return following(position, *args, **options)

    with monkeypatch.context() as broken:
        broken.setattr("marcus_events.projections.rebuilding.BATCH", 400)
        broken.setattr(read, "following", break_off)
        with pytest.raises(ConnectionError):
            rebuild(*PROJECTIONS)
    assert reads == [0, 400]
    assert tables_as_bytes() == before
    assert list(Checkpoint.objects.order_by("pk").values()) == checkpoints


def test_the_size_of_the_steps_makes_no_difference(events: list[RecordedEvent]) -> None:
    catch_up(PROJECTIONS)
    before = tables_as_bytes()
    for projection in PROJECTIONS:
        Checkpoint.objects.filter(projection=projection.name).update(epoch="00000000-0000-0000-0000-000000000000")
        for limit in (1, 7, 100, 13):
            step(projection, limit)
        while step(projection, 333).events:
            pass
    assert tables_as_bytes() == before


@pytest.mark.parametrize("position", [0, 1, 2, 57, 399, 400, 401, 777, 1200, COUNT])
def test_as_of_a_position_equals_the_fold_of_that_prefix(events: list[RecordedEvent], position: int) -> None:
    catch_up(PROJECTIONS)
    state = State()
    for recorded in events[:position]:
        fold(state, recorded)
    for kind in KINDS:
        assert rows_as_of(kind, position) == {key: asdict(item) for key, item in state.items[kind].items()}, kind


def rows_as_of(kind: type[StateItem], position: int) -> dict[Any, Any]:
    names = [field.name for field in fields(kind)]
    rows = [kind(**row) for row in TABLE_OF[kind].objects.as_of(position).values(*names)]
    return {row.key: asdict(row) for row in rows}


def test_as_of_a_time_is_what_had_happened_by_then(events: list[RecordedEvent]) -> None:
    catch_up(PROJECTIONS)
    for task in Task.objects.filter(to_time__isnull=False)[:50]:
        if task.from_time < task.to_time:
            assert task in Task.objects.as_of(task.from_time)
            assert task not in Task.objects.as_of(task.to_time)


def test_rates_count_what_the_log_holds_since_a_board_was_removed(events: list[RecordedEvent]) -> None:
    catch_up(PROJECTIONS)
    expected = Counter((e.board_id or "", e.event_type) for e in shown_on_pages(events))
    for rates in (Rate, HourlyRate, DailyRate):
        counted = Counter[tuple[str, str]]()
        for rate in rates.objects.all():
            counted[rate.board_id, rate.event_type] += rate.count
        assert counted == expected


def test_an_interval_ends_where_the_next_begins(events: list[RecordedEvent]) -> None:
    catch_up(PROJECTIONS)
    ended = Task.objects.filter(to_position__isnull=False).exclude(to_position__in=removals_in(events).values())
    begun = set(Task.objects.values_list("board_id", "task_id", "from_position", "from_time"))
    later = [row for row in ended if row.to_position > max(removals_in(events).values())]
    assert later
    assert all((row.board_id, row.task_id, row.to_position, row.to_time) in begun for row in later)


def test_a_step_that_fails_leaves_nothing_behind(events: list[RecordedEvent], monkeypatch: pytest.MonkeyPatch) -> None:
    step(STATE, 500)
    before = tables_as_bytes()
    with monkeypatch.context() as broken:
        broken.setattr("marcus_events.projections.state_tables.write_intervals", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            step(STATE, 500)
    assert tables_as_bytes() == before
    assert Checkpoint.objects.get(projection="state").position == 500


def test_many_projectors_at_once_do_the_work_once(events: list[RecordedEvent]) -> None:
    def work() -> None:
        try:
            for _ in range(50):
                step(STATE, 60)
        finally:
            close_old_connections()
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    catch_up(PROJECTIONS)
    before = tables_as_bytes()
    rebuild(STATE)
    assert tables_as_bytes() == before


def test_another_log_in_its_place_is_projected_from_its_beginning(events: list[RecordedEvent]) -> None:
    catch_up(PROJECTIONS)
    behind_the_back("event", "DELETE FROM event")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE log_head SET position = 0, epoch = gen_random_uuid()")
    ingest([Event("new", events[0].timestamp, "task_created", "marcus", {"task_id": "t"}, {"board_id": "new"})])
    catch_up(PROJECTIONS)
    assert [board.board_id for board in Board.objects.all()] == ["new"]


def test_the_projector_keeps_up_and_survives_the_loss_of_its_connection(log: None) -> None:
    stop = threading.Event()

    def run() -> None:
        try:
            Projector(PROJECTIONS).run(stop)
        finally:
            connection.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        ingest(lively_events(100), Authority.SYSTEM)
        wait_until(lambda: lag("state") == 0 and lag("rates") == 0)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                " AND datname = current_database()"
            )
        ingest(lively_events(200)[100:], Authority.SYSTEM)
        wait_until(lambda: lag("state") == 0 and lag("rates") == 0)
    finally:
        stop.set()
        thread.join()


def test_a_pass_of_all_projections_notifies_once(events: list[RecordedEvent]) -> None:
    with connect("test", autocommit=True) as listening:
        listening.execute(f"LISTEN {PROJECTED_CHANNEL}")
        projector, stop = Projector(PROJECTIONS), threading.Event()
        assert projector.once(stop), "the log has more events than a step takes"
        assert not projector.once(stop)
        projector.once(stop)  # has nothing to do
        listening.execute("SELECT pg_notify(%s, 'last')", [PROJECTED_CHANNEL])
        told: list[str] = []
        for notification in listening.notifies():
            told.append(notification.payload)
            if told[-1] == "last":
                break
    assert told == [str(BATCH), str(len(events)), "last"]


class Probe(Projection):
    """Looks at how a transaction will be committed."""

    name = "probe"
    tables: Sequence[type[Model]] = ()

    def __init__(self) -> None:
        self.waits_for_disk: list[str] = []

    def project(self, events: Sequence[RecordedEvent]) -> None:
        self.waits_for_disk += rows("SHOW synchronous_commit")[0]


def test_a_step_does_not_wait_for_the_disk_and_what_follows_it_does(log: None) -> None:
    ingest(lively_events(5), Authority.SYSTEM)
    probe = Probe()
    assert step(probe).events
    assert probe.waits_for_disk == ["off"]
    assert rows("SHOW synchronous_commit") == [("on",)]


def test_a_checkpoint_beyond_the_log_waits_for_it(log: None) -> None:
    ingest(lively_events(5), Authority.SYSTEM)
    assert step(STATE).events
    Checkpoint.objects.filter(projection="state").update(position=6)
    assert not step(STATE).events
    ingest(lively_events(8), Authority.SYSTEM)
    assert [event.position for event in step(STATE).events] == [7, 8]


class Faulty(Projection):
    """A projection with an error of ours: it cannot take the third event, until it is mended."""

    name = "faulty"
    tables: Sequence[type[Model]] = ()

    def __init__(self) -> None:
        self.is_mended = False
        self.seen: list[int] = []

    def project(self, events: Sequence[RecordedEvent]) -> None:
        if not self.is_mended and any(event.position == 3 for event in events):
            raise ZeroDivisionError
        self.seen += [event.position for event in events]


def test_a_projection_that_fails_holds_up_no_other_and_goes_on_once_it_is_mended(
    log: None, caplog: pytest.LogCaptureFixture
) -> None:
    faulty, stop = Faulty(), threading.Event()
    stop.set()  # do not pause
    projector = Projector([faulty, *PROJECTIONS])
    ingest(lively_events(5), Authority.SYSTEM)
    for _ in range(3):
        projector.once(stop)
    assert (lag("faulty"), lag("state"), lag("rates")) == (5, 0, 0)
    assert [record.getMessage() for record in caplog.records] == ["faulty has stopped"]
    faulty.is_mended = True
    projector.once(stop)
    assert faulty.seen == [1, 2, 3, 4, 5]


def test_a_step_takes_few_of_the_largest_events_and_the_projector_goes_on_at_once(log: None) -> None:
    text = "a" * 250 * 1024
    ingest([Event(f"e{n}", utc_now(), "backup_made", "cron", {"text": text}) for n in range(12)])
    assert len(step(STATE).events) == 5
    assert Projector([STATE]).once(threading.Event())
    assert lag("state") == 2
    assert not Projector([STATE]).once(threading.Event()), "it is told when there is more"
    assert lag("state") == 0
    assert rebuild(STATE) == 12
