"""The lag in seconds is the age of the oldest event that was not applied, and nothing else."""

from __future__ import annotations

import pytest
from django.db import connection

from marcus_events.core.event import Event, utc_now
from marcus_events.ingest import ingest
from marcus_events.log.projection_lag import Lags, longest, read_lags
from marcus_events.models import Checkpoint
from marcus_events.projections import PROJECTIONS, SEARCH, STATE, catch_up, rebuild
from tests.audit.reading import behind_the_back
from tests.lagging import age_events

pytestmark = pytest.mark.usefixtures("log")


def publish(number: int = 1) -> None:
    count = read_lags()["state"].position + read_lags()["state"].events
    ingest([Event(f"e{count + n}", utc_now(), "task_started", "agent_1", {"task_id": "t"}) for n in range(number)])


def numbers(lags: Lags) -> dict[str, tuple[int, int]]:
    return {name: (lag.position, lag.events) for name, lag in lags.items()}


def test_an_empty_log_has_no_lag() -> None:
    assert numbers(read_lags()) == {"state": (0, 0), "rates": (0, 0), "search": (0, 0)}
    assert longest(read_lags()) == 0


def test_where_all_is_applied_there_is_no_lag_however_old_the_events_are() -> None:
    publish(3)
    age_events(100_000)
    catch_up(PROJECTIONS)
    assert [lag.seconds for lag in read_lags().values()] == [0, 0, 0]


def test_each_projection_has_the_age_of_its_oldest_event_that_was_not_applied() -> None:
    publish(2)
    age_events(50)
    catch_up([STATE])
    publish()
    age_events(10)
    lags = read_lags()
    assert numbers(lags) == {"state": (2, 1), "rates": (0, 3), "search": (0, 3)}
    assert 10 <= lags["state"].seconds < 50 <= 60 <= lags["search"].seconds
    assert lags["state"].is_behind
    assert longest(lags, ["state"]) == lags["state"].seconds


def test_events_that_were_removed_are_not_outstanding() -> None:
    publish(3)
    age_events(60)
    behind_the_back("event", "DELETE FROM event WHERE position <= 2")
    behind_the_back("event", "UPDATE event SET recorded_at = now() WHERE position = 3")
    assert read_lags()["state"].seconds < 60
    behind_the_back("event", "DELETE FROM event")
    assert read_lags()["state"].seconds == 0


def test_a_clock_of_the_database_that_was_put_back_gives_no_negative_lag() -> None:
    publish()
    age_events(-500)
    assert read_lags()["state"].seconds == 0


def test_a_rebuild_has_the_lag_of_the_rows_that_readers_see() -> None:
    """Its transaction has not ended: others still read the old rows, which are complete."""
    publish(2)
    catch_up(PROJECTIONS)
    age_events(1_000)
    seen: list[float] = []

    def look(done: int, total: int) -> None:
        from marcus_events.log.connect import connect

        with connect("test") as elsewhere:
            seen.append(longest(read_lags(connection=elsewhere)))

    rebuild(STATE, SEARCH, progress=look)
    rebuild(SEARCH, progress=look)
    assert seen == [0, 0]
    assert longest(read_lags()) == 0


def test_another_log_was_not_applied_yet() -> None:
    publish(2)
    catch_up(PROJECTIONS)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE log_head SET epoch = gen_random_uuid()")
    age_events(30)
    assert Checkpoint.objects.get(projection="state").position == 2
    assert numbers(read_lags())["state"] == (0, 2)
    assert read_lags()["state"].seconds >= 30
    catch_up(PROJECTIONS)
    assert longest(read_lags()) == 0
