"""What the search is answered from: an index behind the log, and how many there are of everything."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.search import SearchVectorField
from django.db import models

from marcus_events.models.fields import BoardIdField


class SearchEntry(models.Model):
    """An event's words and fields, see `marcus_events.search.lexemes`. Each part of it is a table that inherits."""

    position = models.BigIntegerField(primary_key=True)
    timestamp = models.DateTimeField()
    words = SearchVectorField()

    class Meta:
        db_table = "search"
        verbose_name_plural = "search entries"

    def __str__(self) -> str:
        return f"{self.position}"


class SearchPart(models.Model):
    """One part of the index: its table, the positions it is for, and the earliest and latest time in it.

    A retired one has another in its place, or its events are gone: its table is dropped when nobody reads it.
    """

    name = models.TextField(primary_key=True)
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    least = models.DateTimeField(null=True)
    greatest = models.DateTimeField(null=True)
    is_indexed = models.BooleanField(default=False)
    is_retired = models.BooleanField(default=False)

    class Meta:
        db_table = "search_part"

    def __str__(self) -> str:
        return self.name


class HourlyFacet(models.Model):
    """How many events of a source, and of an agent, happened on a board in an hour."""

    pk = models.CompositePrimaryKey("board_id", "field", "value", "hour")
    board_id = BoardIdField()  # "" where events named no board
    field = models.TextField()
    value = models.TextField()
    hour = models.DateTimeField()
    count = models.BigIntegerField()

    class Meta:
        db_table = "hourly_facet"
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["hour"], name="hourly_facet_by_hour")]

    def __str__(self) -> str:
        return f"{self.field} {self.value} {self.hour} {self.count}"


class Facet(models.Model):
    """How many events of a type, a source, an agent and a task there are on a board."""

    pk = models.CompositePrimaryKey("board_id", "field", "value")
    board_id = BoardIdField()
    field = models.TextField()
    value = models.TextField()
    count = models.BigIntegerField()

    class Meta:
        db_table = "facet"
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["field", "value"], name="facet_by_value", opclasses=["text_ops", "text_pattern_ops"])
        ]

    def __str__(self) -> str:
        return f"{self.field} {self.value} {self.count}"
