"""The folders of Marcus installations that the server follows."""

from __future__ import annotations

from django.db import models


class FollowedFolder(models.Model):
    """A folder in which a Marcus was started, on the server's machine.

    `state` is the state of its follower (`marcus_events.sources.marcus.folder_state`) and `state_at` its time. It is
    stored, since the follower and the page may run in different processes.
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
