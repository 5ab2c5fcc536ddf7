"""The index of tasks by status also has its time: what was done lately is counted without reading the tasks."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("marcus_events", "0039_names_of_tasks")]

    operations = [
        AddIndexConcurrently(
            "task",
            models.Index(
                fields=["board_id", "status", "status_since"],
                name="task_by_status_since",
                condition=Q(to_position=None),
            ),
        ),
        RemoveIndexConcurrently("task", "task_by_status"),
    ]
