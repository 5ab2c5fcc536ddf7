"""The parts of the index: a table for each SIZE positions, which inherits from `search`.

A part is small enough that whatever is asked of it alone is soon answered. It is dropped with the events that it is
for, and can be made anew beside the old one, which readers go on with until the new one counts.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

from marcus_events.log.rows import execute
from marcus_events.models import SearchPart

SIZE = 100_000  # positions
# What is written waits in a list that every search has to read through, until it is this long and goes into the tree.
PENDING_KB = 256

CREATE = """CREATE TABLE {name} (PRIMARY KEY (position)) INHERITS (search);
    ALTER TABLE {name} ALTER words SET STATISTICS 0"""  # no plan of ours depends on them
INDEX = "CREATE INDEX IF NOT EXISTS {name}_words ON {name} USING gin (words) WITH (gin_pending_list_limit = {limit})"
FORGET = "DELETE FROM search WHERE position BETWEEN %s AND %s"


def in_use() -> list[SearchPart]:
    """By position."""
    return list(SearchPart.objects.filter(is_retired=False).order_by("first"))


def part_of(position: int) -> SearchPart:
    """The part that a position belongs to, made when it is first needed; as yet without its index."""
    found = SearchPart.objects.filter(is_retired=False, first__lte=position, last__gte=position).first()
    return found or make(position // SIZE)


def make(number: int) -> SearchPart:
    taken = set(SearchPart.objects.values_list("name", flat=True))
    name = next(name for name in names(number) if name not in taken)
    if name not in connection.introspection.table_names():
        execute(CREATE.format(name=name))
    first = number * SIZE
    return SearchPart.objects.create(name=name, first=first, last=first + SIZE - 1)


def names(number: int) -> Iterator[str]:
    """Two at most are there at once: the old one and the new."""
    yield from (f"search_{number}{also}" for also in ("", "_a", "_b"))


def add_index(part: SearchPart) -> None:
    execute(INDEX.format(name=part.name, limit=PENDING_KB))
    part.is_indexed = True
    part.save(update_fields=["is_indexed"])


def retire_all() -> None:
    SearchPart.objects.update(is_retired=True)


def forget_before(position: int) -> None:
    """Retire what is for no position from this one on."""
    SearchPart.objects.filter(last__lt=position).update(is_retired=True)


def forget(first: int, last: int) -> None:
    """The events between these positions, both included, are no longer found."""
    execute(FORGET, [first, last])


def drop_retired() -> None:
    """Waits for those who read them still. Not within a transaction that has retired them."""
    for part in SearchPart.objects.filter(is_retired=True):
        execute(f"DROP TABLE IF EXISTS {part.name}")
        part.delete()
