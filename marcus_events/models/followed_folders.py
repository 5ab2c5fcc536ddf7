"""The Marcus folders that the server follows by itself."""

from __future__ import annotations

from django.db import models


class FollowedFolder(models.Model):
    """A folder in which a Marcus was started, on the machine of the server.

    `state` is what its follower does and has found, as `marcus_events.sources.marcus.folder_state` writes it, and
    `state_at` when that was: the process that follows and the one that shows the page may be two.
    """

    path = models.TextField(unique=True)
    board = models.TextField(blank=True, default="", db_default="")  # see `follow --board`
    time_zone = models.TextField(blank=True, default="", db_default="")  # of times that name none
    added_by = models.TextField()
    added_at = models.DateTimeField()
    state = models.JSONField(null=True)
    state_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "followed_folder"

    def __str__(self) -> str:
        return self.path
