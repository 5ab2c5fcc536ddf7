"""The forecast: a range that holds as often as it says, or the reason why there is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from dashboard.pages.boards import queries, throughput
from dashboard.pages.boards.forecast import LONGEST, STEP, STRETCHES, Forecast, NoForecast, forecast
from dashboard.templatetags import pages
from marcus_events.core.event import utc_now
from tests.dashboard.publishing import event, publish
from tests.dashboard.reading import open_page
from tests.dashboard.scopes import on

NOW = datetime(2026, 5, 4, 14, 0, tzinfo=UTC)
OLD = timedelta(days=30)
STEPS = LONGEST // STEP


def steps(*newest: int, later: int = 0) -> list[int]:
    return [*newest, *[later] * (STEPS - len(newest))]


def of(finished: list[int], left: int = 10, free: int | None = None, age: timedelta = OLD) -> Forecast:
    found = forecast(left, left if free is None else free, finished, age, NOW)
    assert isinstance(found, Forecast), found
    return found


def test_an_even_pace_is_a_narrow_range() -> None:
    found = of(steps(later=1), left=12)
    assert (found.earliest, found.latest) == (NOW + timedelta(hours=2), NOW + timedelta(hours=2))
    assert (found.total, found.stretch) == (12, timedelta(hours=2))


def test_a_pace_that_varies_is_a_wider_one() -> None:
    even, uneven = of(steps(*[2, 0] * 6)), of(steps(*[6, 0, 0, 0, 0, 0] * 2))
    assert (uneven.earliest or NOW) < (even.earliest or NOW)
    assert (uneven.latest or NOW) > (even.latest or NOW)


def test_a_single_burst_gives_no_latest_time() -> None:
    found = of(steps(5), left=100)
    assert found.latest is None
    assert found.earliest


@pytest.mark.parametrize(
    ("finished", "stretch"),
    [
        (steps(1, 1, 1, 1, 1), STRETCHES[0]),
        (steps(1, 1, *[0] * 20, 3), STRETCHES[1]),
        (steps(1, 1, *[0] * 80, 3), STRETCHES[2]),
        (steps(1, 1, *[0] * 500, 3), STRETCHES[3]),
    ],
)
def test_the_shortest_stretch_with_five_finished_tasks_is_taken(
    finished: list[int], stretch: tuple[timedelta, timedelta]
) -> None:
    found = of(finished)
    assert (found.stretch, found.part) == stretch
    assert found.total == 5


def test_a_young_board_is_judged_by_the_parts_that_it_has_lived() -> None:
    found = of(steps(1, 2, 1, 2), age=timedelta(minutes=45))
    assert (found.finished, found.stretch) == ([1, 2, 1, 2], timedelta(minutes=40))


@pytest.mark.parametrize(
    ("left", "free", "finished", "age", "why"),
    [
        (3, 0, steps(9), OLD, "Everything left is blocked or waiting behind a blocker"),
        (3, 3, steps(), OLD, "No forecast: no tasks were finished"),
        (3, 3, steps(*[0] * 150, 9), OLD, "No forecast: no tasks were finished"),
        (3, 3, steps(1), OLD, "Too few finished tasks for a forecast: 1 so far"),
        (3, 3, steps(4), OLD, "Too few finished tasks for a forecast: 4 so far"),
        (3, 3, steps(9), timedelta(minutes=29), "Too early"),
    ],
)
def test_without_ground_it_says_why(left: int, free: int, finished: list[int], age: timedelta, why: str) -> None:
    found = forecast(left, free, finished, age, NOW)
    assert isinstance(found, NoForecast)
    assert why in found.reason


def test_what_is_done_needs_none() -> None:
    assert forecast(0, 0, steps(9), OLD, NOW) is None


@given(
    st.lists(st.integers(0, 9), min_size=12, max_size=200),
    st.integers(1, 1_000),
    st.integers(1, 50_000).map(lambda minutes: timedelta(minutes=minutes)),
)
def test_it_lies_ahead_in_order_and_more_work_is_never_done_sooner(
    counts: list[int], left: int, age: timedelta
) -> None:
    found, more = (forecast(number, number, steps(*counts), age, NOW) for number in (left, left + 5))
    if not isinstance(found, Forecast) or not isinstance(more, Forecast):
        assert type(found) is type(more)
        return
    assert found.earliest is None or found.earliest > NOW
    assert (found.earliest or NOW) <= (more.earliest or NOW)
    if found.latest is None:
        assert more.latest is None
    else:
        assert (found.earliest or NOW) <= found.latest
        assert more.latest is None or found.latest <= more.latest


def test_it_holds_about_as_often_as_it_says() -> None:
    """Projects whose tasks are finished by chance at an even pace: eight in ten end within the range."""
    chance, trials, within = Random(5), 400, 0  # noqa: S311 - chance, no secret
    for _ in range(trials):
        rate = chance.uniform(0.6, 3)
        past = [drawn(chance, rate) for _ in range(12)]
        found = forecast(20, 20, steps(*past), OLD, NOW)
        if not isinstance(found, Forecast):
            trials -= 1
            continue
        after = accumulate(drawn(chance, rate) for _ in range(2_000))
        ended = NOW + STEP * (1 + next(n for n, total in enumerate(after) if total >= 20))
        within += (found.earliest or NOW) <= ended <= (found.latest or ended)
    assert 0.75 <= within / trials <= 0.95


def drawn(chance: Random, rate: float) -> int:
    """By Poisson's law: how many fall into one part."""
    number, passed = 0, chance.expovariate(rate)
    while passed < 1:
        number, passed = number + 1, passed + chance.expovariate(rate)
    return number


def test_finished_tasks_are_counted_where_and_when_they_were_finished_and_still_are(log: None) -> None:
    ends = {"a": 5, "b": 15, "c": 15.5, "again": 20, "old": 60 * 24 * 8}
    publish(*(event("task_completed", task_id=task, ago=ago) for task, ago in ends.items()))
    publish(event("task_started", task_id="again", agent_id="x"), event("task_completed", board="bank", task_id="a"))
    found = throughput.finished(on(), utc_now())
    assert (found["shop"][:3], sum(found["shop"])) == ([1, 2, 0], 3)
    assert (found["bank"][0], sum(found["bank"])) == (1, 1)
    assert throughput.finished(on("bank"), utc_now()).keys() == {"bank"}


def test_boards_and_a_board_say_when_they_will_be_done_and_what_that_is_made_of(viewer: Client) -> None:
    publish(event("project_created", project_name="Shop", ago=300))
    publish(*(event("task_created", task_id=f"t{n}", ago=290) for n in range(12)))
    publish(*(event("task_completed", task_id=f"t{n}", ago=9 + 10 * n) for n in range(8)))
    for path in ("/boards/", "/boards/shop/"):
        assert "At the pace of the last 2 h, done between" in " ".join(open_page(viewer, path).text.split()), path
    made = " ".join(open_page(viewer, "/boards/shop/").text.split())
    assert "8 tasks were finished. Per 10 min, newest first:" in made
    assert "4 tasks are left." in made
    [summary] = queries.summaries(on("shop"))
    assert summary.forecast == queries.summaries(on())[0].forecast


def test_a_board_where_nothing_moves_says_so(viewer: Client) -> None:
    publish(event("project_created", project_name="Shop", ago=300), event("task_created", task_id="a", ago=290))
    assert "No forecast: no tasks were finished in the last 24 hours." in open_page(viewer, "/boards/").text


@pytest.mark.parametrize(
    ("hours", "words"),
    [(1.5, "today 23:30"), (12, "tomorrow 10:00"), (36, "Mon 10:00"), (24 * 8, "Sunday 8 December 2030")],
)
def test_each_bound_names_its_day(monkeypatch: pytest.MonkeyPatch, hours: float, words: str) -> None:
    saturday = datetime(2030, 11, 30, 22, tzinfo=UTC)
    monkeypatch.setattr(pages, "utc_now", lambda: saturday)
    assert f">{words}</time>" in pages.moment(saturday + timedelta(hours=hours))
