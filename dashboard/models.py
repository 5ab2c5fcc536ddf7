"""What the dashboard remembers of a person: when they were last here, what may interrupt them, what they search for."""

from __future__ import annotations

from datetime import time
from typing import Any, ClassVar

from django.conf import settings
from django.db import models


class Visit(models.Model):
    """The present visit of a person, and the end of the one before, if there was one."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True)
    seen_at = models.DateTimeField()  # to the minute
    before_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "visit"

    def __str__(self) -> str:
        return f"{self.user_id} {self.seen_at}"


def every_day() -> list[int]:
    return [1, 2, 3, 4, 5, 6, 7]


class AlertPreferences(models.Model):
    """What a person wants to be told of, and when not. Who has none stored is told of everything."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True)
    boards = models.JSONField(default=list)  # ids; none: all, also those to come
    severity = models.TextField(default="low")  # and worse
    notifications = models.BooleanField(default=True)  # where the browser allows them too
    sound = models.BooleanField(default=False)
    quiet = models.BooleanField(default=False)
    quiet_from = models.TimeField(default=time(22))  # on the clocks of the time zone
    quiet_to = models.TimeField(default=time(7))
    quiet_days = models.JSONField(default=every_day)  # on which they begin; Monday is 1
    time_zone = models.TextField(default="UTC")
    noted_until = models.DateTimeField(null=True)  # what came in quiet hours up to then has been seen

    class Meta:
        db_table = "alert_preferences"
        verbose_name = verbose_name_plural = "alert preferences"

    def __str__(self) -> str:
        return f"{self.user_id} {self.severity}"


class SavedSearch(models.Model):
    """A search of History under a name: for its owner, or shared. `query` is the query string of its look.

    Name and query may hold words of any board that the owner sees. So a shared one is for those who see all of
    `boards`: what the owner saw when it was saved, by id; None is every board.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_searches")
    name = models.CharField(max_length=100)
    query = models.TextField(blank=True)
    shared = models.BooleanField(default=False)
    boards = models.JSONField(null=True, default=None)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "saved_search"
        verbose_name_plural = "saved searches"
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["owner", "name"], name="saved_search_once")]

    def __str__(self) -> str:
        return self.name
