"""An index of the answers that no agent has received, which every call of a tool looks for."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("marcus_events", "0031_verbose_names")]

    operations = [
        AddIndexConcurrently(
            "blocker",
            models.Index(
                fields=["agent_id", "resolved_at"],
                name="blocker_unseen",
                condition=Q(to_position=None, resolved_at__isnull=False, seen_at=None) & ~Q(answer_id=""),
            ),
        ),
    ]
