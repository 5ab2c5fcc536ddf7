"""The parts of the index: a table for each SIZE positions, which inherits from `search`.

A part is so small that any query on it alone is fast. It is dropped together with its events. A rebuild makes a new
part beside the old one, which searches use until the new one is complete.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import ProgrammingError, connection
from psycopg.errors import UndefinedTable

from marcus_events.log.rows import execute, prepared_rows
from marcus_events.models import SearchPart

SIZE = 100_000  # positions
# New entries wait in GIN's pending list, which every search reads through, until it is this long.
PENDING_KB = 256

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

CREATE = """CREATE TABLE {name} (PRIMARY KEY (position)) INHERITS (search);
    ALTER TABLE {name} ALTER words SET STATISTICS 0"""  # no plan of ours depends on them
INDEX = "CREATE INDEX IF NOT EXISTS {name}_words ON {name} USING gin (words) WITH (gin_pending_list_limit = {limit})"
WIDEN = """UPDATE search_part SET least = least(least, %s), greatest = greatest(greatest, %s)
    WHERE NOT is_retired AND first <= %s AND last >= %s
    RETURNING name, first, last, is_indexed"""
FORGET = "DELETE FROM search WHERE position BETWEEN %s AND %s"


def retry_if_dropped(search: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Run a search again, once, when a part was dropped after `in_use` had named it: another has taken its place."""

    @wraps(search)
    def retried(*args: Parameters.args, **options: Parameters.kwargs) -> Result:
        try:
            return search(*args, **options)
        except ProgrammingError as error:
            if not isinstance(error.__cause__, UndefinedTable):
                raise
        return search(*args, **options)

    return retried


def in_use() -> list[SearchPart]:
    """By position."""
    return list(SearchPart.objects.filter(is_retired=False).order_by("first"))


def part_with(position: int, least: datetime, greatest: datetime) -> SearchPart:
    """The part that a position belongs to, from now on with these times in it.

    It is created when it is first needed, without its GIN index.
    """
    values = [least, greatest, position, position]
    found = prepared_rows(WIDEN, values)
    if not found:
        make(position // SIZE)
        found = prepared_rows(WIDEN, values)
    [(name, first, last, is_indexed)] = found
    return SearchPart(name=name, first=first, last=last, is_indexed=is_indexed)


def make(number: int) -> None:
    taken = set(SearchPart.objects.values_list("name", flat=True))
    name = next(name for name in names(number) if name not in taken)
    if name not in connection.introspection.table_names():
        execute(CREATE.format(name=name))
    first = number * SIZE
    SearchPart.objects.create(name=name, first=first, last=first + SIZE - 1)


def names(number: int) -> Iterator[str]:
    """Two exist at once at most: the old one and the new one."""
    yield from (f"search_{number}{also}" for also in ("", "_a", "_b"))


def add_missing_indexes() -> None:
    """Create the GIN index of each partition in use that has none."""
    for part in SearchPart.objects.filter(is_retired=False, is_indexed=False):
        add_index(part)


def add_index(part: SearchPart) -> None:
    execute(INDEX.format(name=part.name, limit=PENDING_KB))
    execute("UPDATE search_part SET is_indexed = true WHERE name = %s", [part.name])
    part.is_indexed = True


def retire_all() -> None:
    SearchPart.objects.update(is_retired=True)


def forget_before(position: int) -> None:
    """Retire the parts whose positions are all before this one."""
    SearchPart.objects.filter(last__lt=position).update(is_retired=True)


def forget(first: int, last: int) -> None:
    """Remove the events between these positions, both included, from the index."""
    execute(FORGET, [first, last])


def drop_retired() -> None:
    """Drop retired parts, after their readers. Not to be called in the transaction that has retired them."""
    for part in SearchPart.objects.filter(is_retired=True):
        execute(f"DROP TABLE IF EXISTS {part.name}")
        part.delete()
