"""The search index and the counts of facets."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.search import SearchVectorField
from django.db import models

from marcus_events.models.fields import BoardIdField


class SearchEntry(models.Model):
    """The words and fields of an event: see `marcus_events.search.lexemes`. Each partition is an inheriting table."""

    position = models.BigIntegerField(primary_key=True)
    timestamp = models.DateTimeField()
    words = SearchVectorField()

    class Meta:
        db_table = "search"
        verbose_name_plural = "search entries"

    def __str__(self) -> str:
        return f"{self.position}"


class SearchPart(models.Model):
    """A partition of the index: its table, its positions, and the earliest and latest time in it.

    A retired partition was replaced, or its events were removed: its table is dropped when nobody reads it.
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
    """The number of events of a source or an agent on a board in an hour."""

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


class DailyFacet(models.Model):
    """The number of events of a source or an agent on a board on a day (UTC)."""

    pk = models.CompositePrimaryKey("board_id", "field", "value", "day")
    board_id = BoardIdField()
    field = models.TextField()
    value = models.TextField()
    day = models.DateTimeField()
    count = models.BigIntegerField()

    class Meta:
        db_table = "daily_facet"
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["day"], name="daily_facet_by_day")]

    def __str__(self) -> str:
        return f"{self.field} {self.value} {self.day} {self.count}"


class Facet(models.Model):
    """The number of events of a type, a source, an agent or a task on a board."""

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
