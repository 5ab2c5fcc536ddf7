"""Counts of events, derived from the log. They can be rebuilt from it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from marcus_events.models.fields import BoardIdField


class Rate(models.Model):
    """The number of events of a type on a board in a minute."""

    pk = models.CompositePrimaryKey("board_id", "event_type", "minute")
    board_id = BoardIdField()
    event_type = models.TextField()
    minute = models.DateTimeField()
    count = models.BigIntegerField()

    class Meta:
        db_table = "rate"
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["minute"], name="rate_by_minute")]

    def __str__(self) -> str:
        return f"{self.event_type} {self.minute} {self.count}"


class HourlyRate(models.Model):
    """The number of events of a type on a board in an hour, for charts over long spans."""

    pk = models.CompositePrimaryKey("board_id", "event_type", "hour")
    board_id = BoardIdField()
    event_type = models.TextField()
    hour = models.DateTimeField()
    count = models.BigIntegerField()

    class Meta:
        db_table = "hourly_rate"
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["hour"], name="hourly_rate_by_hour")]

    def __str__(self) -> str:
        return f"{self.event_type} {self.hour} {self.count}"


class DailyRate(models.Model):
    """The number of events of a type on a board on a day (UTC), for charts over months."""

    pk = models.CompositePrimaryKey("board_id", "event_type", "day")
    board_id = BoardIdField()
    event_type = models.TextField()
    day = models.DateTimeField()
    count = models.BigIntegerField()

    class Meta:
        db_table = "daily_rate"
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["day"], name="daily_rate_by_day")]

    def __str__(self) -> str:
        return f"{self.event_type} {self.day} {self.count}"
