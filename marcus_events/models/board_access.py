"""Access to boards."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q

from marcus_events.models.fields import BoardIdField


class BoardAccess(models.Model):
    """A user, or the members of a group, may see this board. Not needed with the permission `see_every_board`.

    The board is no foreign key: boards are derived from the log, and may be removed and appear again.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="board_access")
    group = models.ForeignKey(Group, models.CASCADE, null=True, related_name="board_access")
    board_id = BoardIdField()

    class Meta:
        db_table = "board_access"
        verbose_name = verbose_name_plural = "board access"
        permissions: ClassVar[list[Any]] = [
            ("see_every_board", "Can see all boards, including future ones"),
            ("administer", "Can administer people, tokens, policies and the audit trail"),
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["user", "board_id"], name="board_access_of_user"),
            models.UniqueConstraint(fields=["group", "board_id"], name="board_access_of_group"),
            models.CheckConstraint(
                condition=Q(user=None) ^ Q(group=None), name="board_access_is_of_one"
            ),  # a user or a group
            models.CheckConstraint(condition=~Q(board_id=""), name="board_access_is_to_a_board"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id or self.group_id} {self.board_id}"
