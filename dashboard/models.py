"""What the dashboard remembers of a person: when they were last here."""

from __future__ import annotations

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
