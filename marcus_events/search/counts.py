"""How many events match a filter, in all and over time.

Where the projections have counted already (see `precomputed_counts`), the number is exact for a log of any length.
Otherwise the newest matches are counted, up to a cap.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta

from marcus_events.core.filters import EventFilter
from marcus_events.log.event_counts import count_by_type_and_step
from marcus_events.log.rows import rows
from marcus_events.search.execute import matching_positions, search_transaction
from marcus_events.search.index_partitions import retry_if_dropped
from marcus_events.search.precomputed_counts import DAY, HOUR, is_precomputed, matches, precomputed_counts, round_down
from marcus_events.search.search_query import SearchQuery

MINUTE = timedelta(minutes=1)
UNITS = ((DAY, "daily_rate", "day"), (HOUR, "hourly_rate", "hour"))  # tables beside the rates by the minute
# The steps are numbered after they were summed up: the arithmetic of `extract`, on every row, takes twice the time.
PRECOMPUTED_STEPS = """
    SELECT event_type, round(date_part('epoch', begin - %(since)s) / %(step_s)s)::int, number
    FROM (
        SELECT event_type, date_bin(make_interval(secs => %(step_s)s), {unit}, %(since)s) AS begin,
            sum(count)::bigint AS number
        FROM {table} WHERE {unit} >= %(since)s AND {unit} < %(until)s{boards} GROUP BY 1, 2
    ) AS step"""


@retry_if_dropped
def count(wanted: EventFilter, cap: int) -> int:
    """How many events match. `cap` stands for that many or more; any other number is exact. Raises QueryTimeout."""
    with search_transaction() as deadline:
        if not is_precomputed(wanted):
            return len(matching_positions(SearchQuery.newest(wanted), cap, deadline))
        counted = precomputed_counts(wanted.since, wanted.until).items()
        return sum(
            number for (board, field, value), number in counted if field == "type" and matches(wanted, board, value)
        )


@retry_if_dropped
def count_between(wanted: EventFilter, after: int, before: int, cap: int) -> int:
    """How many match between two positions (both exclusive), at most `cap`. Raises QueryTimeout."""
    with search_transaction() as deadline:
        return len(matching_positions(SearchQuery.newest(wanted, after, before), cap, deadline))


@retry_if_dropped
def count_types_by_time(wanted: EventFilter, step_s: float, cap: int) -> dict[int, Counter[str]]:
    """How many events of each type match in each step of time after `wanted.since`.

    `since`, `until` and the step are whole minutes. Unless `is_precomputed(wanted)`, only the newest `cap` matches
    count. Raises QueryTimeout.
    """
    with search_transaction() as deadline:
        if is_precomputed(wanted) and wanted.since and wanted.until and step_s % MINUTE.total_seconds() == 0:
            return precomputed_steps(wanted, wanted.since, wanted.until, step_s)
        found = matching_positions(SearchQuery.newest(wanted), cap, deadline)
        deadline.apply()
        return by_step(count_by_type_and_step(found, wanted.since, step_s))


def precomputed_steps(wanted: EventFilter, since: datetime, until: datetime, step_s: float) -> dict[int, Counter[str]]:
    """Sums the largest units that the steps are made of."""
    fitting = (
        (table, unit)
        for length, table, unit in UNITS
        if step_s % length.total_seconds() == 0 and since == round_down(since, length)
    )
    table, unit = next(fitting, ("rate", "minute"))
    boards, values = board_conditions(wanted)
    query = PRECOMPUTED_STEPS.format(table=table, unit=unit, boards=boards)
    counted = rows(query, {"since": since, "until": until, "step_s": step_s} | values)
    of_types = wanted.without("board_id")
    chosen = {name for name in {event_type for event_type, _, _ in counted} if matches(of_types, "", name)}
    return by_step([row for row in counted if row[0] in chosen])


def by_step(counted: list[tuple[str, int, int]]) -> dict[int, Counter[str]]:
    """{step: {type: number}} of rows of (type, step, number)."""
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for event_type, step, number in counted:
        found[step][event_type] += number
    return dict(found)


def board_conditions(wanted: EventFilter) -> tuple[str, dict[str, list[str]]]:
    """The terms about boards as SQL on the counts, in which "" stands for no board."""
    text, values = "", {}
    for number, term in enumerate(term for term in wanted.terms if term.field == "board_id"):
        text += f" AND board_id {'<> ALL' if term.exclude else '= ANY'}(%(boards_{number})s)"
        values[f"boards_{number}"] = [value for value in term.values if value]
    return text, values
