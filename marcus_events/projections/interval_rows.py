"""The rows of the state tables: which table has which items, and how their intervals are read, ended and written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.db import models
from psycopg.types.json import Jsonb

from marcus_events import models as tables
from marcus_events.core import state as core
from marcus_events.log.rows import execute_prepared, parse_json, parse_time, prepared_rows
from marcus_events.projections.bulk_copy import copy

TABLE_OF: dict[type[core.StateItem], type[tables.Interval]] = {
    core.BoardState: tables.Board,
    core.TaskState: tables.Task,
    core.BlockerState: tables.Blocker,
    core.AgentState: tables.Agent,
    core.DependencyState: tables.Dependency,
}
KEY_OF: dict[type[core.StateItem], tuple[str, ...]] = {
    core.BoardState: ("board_id",),
    core.TaskState: ("board_id", "task_id"),
    core.BlockerState: ("blocker_id",),
    core.AgentState: ("board_id", "agent_id"),
    core.DependencyState: ("board_id", "task_id", "depends_on_id", "depends_on_board"),
}
COLUMN_TYPES = {"blocker_id": "bigint"}  # of keys; all others are texts
COLUMNS_OF = {kind: [field.name for field in fields(kind)] for kind in TABLE_OF}
INTERVAL = ("from_position", "from_time", "to_position", "to_time")
VALID_NOW = "to_position IS NULL"
VALID_AS_OF = "from_position <= %(as_of)s AND (to_position > %(as_of)s OR to_position IS NULL)"


@dataclass(slots=True)
class NewInterval:
    """A row to be written: the item's state from an event on."""

    item: core.StateItem
    from_position: int
    from_time: datetime
    to_position: int | None = None
    to_time: datetime | None = None
    is_stored: bool = False  # as one that has not ended


def indexes_of(kind: type[core.StateItem], field: type[models.Field[Any, Any]]) -> tuple[int, ...]:
    """The indexes of the columns of this type, which are read as text: Python parses times and JSON faster."""
    columns = enumerate(COLUMNS_OF[kind])
    return tuple(n for n, name in columns if isinstance(TABLE_OF[kind]._meta.get_field(name), field))


JSON_OF = {kind: indexes_of(kind, models.JSONField) for kind in TABLE_OF}
TIMES_OF = {kind: indexes_of(kind, models.DateTimeField) for kind in TABLE_OF}


def read_intervals(
    kind: type[core.StateItem], condition: str, values: dict[str, Any], as_of: int | None
) -> Iterator[NewInterval]:
    """Yield the rows that are valid now, or that were after the event at a position, and fulfil the condition."""
    query = select(kind, condition, VALID_NOW if as_of is None else VALID_AS_OF)
    for from_position, from_time, *columns in prepared_rows(query, values | {"as_of": as_of}):
        for n in TIMES_OF[kind]:
            columns[n] = columns[n] and parse_time(columns[n])
        for n in JSON_OF[kind]:
            columns[n] = columns[n] and parse_json(columns[n])
        yield NewInterval(kind(*columns), from_position, parse_time(from_time), is_stored=True)


def select(kind: type[core.StateItem], condition: str, valid: str) -> str:
    """The statement of `read_intervals`; `{valid}` in the condition is for a subquery."""
    return f"{SELECTS[kind]} WHERE {valid} AND ({condition.format(valid=valid)})"


def select_all(kind: type[core.StateItem]) -> str:
    as_text = {*TIMES_OF[kind], *JSON_OF[kind]}
    columns = ", ".join(f"{name}::text" if n in as_text else name for n, name in enumerate(COLUMNS_OF[kind]))
    return f"SELECT from_position, from_time::text, {columns} FROM {TABLE_OF[kind]._meta.db_table}"


SELECTS = {kind: select_all(kind) for kind in TABLE_OF}


def close_intervals(kind: type[core.StateItem], intervals: Sequence[NewInterval]) -> None:
    """End stored intervals."""
    if intervals:
        ends = [row.to_position for row in intervals], [row.to_time for row in intervals]
        keys = zip(*(row.item.key for row in intervals), strict=True)
        execute_prepared(UPDATES[kind], [*ends, *map(list, keys)])


def update(kind: type[core.StateItem]) -> str:
    """The statement that ends intervals."""
    names = KEY_OF[kind]
    arrays = ", ".join(f"%s::{COLUMN_TYPES.get(name, 'text')}[]" for name in names)
    same = " AND ".join(f"stored.{name} = ended.{name}" for name in names)
    return f"""UPDATE {TABLE_OF[kind]._meta.db_table} AS stored SET to_position = ended.position, to_time = ended.time
        FROM unnest(%s::bigint[], %s::timestamptz[], {arrays}) AS ended (position, time, {", ".join(names)})
        WHERE {same} AND stored.to_position IS NULL"""


UPDATES = {kind: update(kind) for kind in TABLE_OF}


def write_intervals(kind: type[core.StateItem], intervals: Sequence[NewInterval]) -> None:
    if intervals:
        columns = ", ".join((*INTERVAL, *COLUMNS_OF[kind]))
        copy(f"COPY {TABLE_OF[kind]._meta.db_table} ({columns}) FROM STDIN", map(values_of, intervals))


def values_of(interval: NewInterval) -> list[Any]:
    """The values of a row, for COPY."""
    item, kind = interval.item, type(interval.item)
    columns = list(vars(item).values())
    for n in TIMES_OF[kind]:
        columns[n] = columns[n] and str(columns[n])
    for n in JSON_OF[kind]:
        columns[n] = None if columns[n] is None else Jsonb(columns[n])
    to_time = interval.to_time and str(interval.to_time)
    return [interval.from_position, str(interval.from_time), interval.to_position, to_time, *columns]
