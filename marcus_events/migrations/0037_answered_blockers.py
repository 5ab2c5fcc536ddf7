"""Indexes for standing replies: the blockers that one has answered, and those of a board that people have."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("marcus_events", "0036_webhooks")]

    operations = [
        AddIndexConcurrently(
            "blocker",
            models.Index(fields=["standing_reply"], name="blocker_standing", condition=~Q(standing_reply="")),
        ),
        AddIndexConcurrently(
            "blocker",
            models.Index(
                fields=["board_id", "resolved_at", "blocker_id"],
                name="blocker_by_people",
                condition=Q(to_position=None, resolved_at__isnull=False, standing_reply="") & ~Q(answer_id=""),
            ),
        ),
    ]
