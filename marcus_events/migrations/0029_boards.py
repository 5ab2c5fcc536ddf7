"""The board of the task that another depends on, where an event has named it; what Marcus says of a board and its
connection to it; the external ids and sync statuses of boards and tasks.

Rows from before hold none of it, and pages say nothing of what is not known. The next events fill them in; a rebuild
of the projection `state` does so from the events that are there.
"""

from django.db import migrations, models
from django.db.models import Q

TEXTS_OF_BOARD = (
    "board_type",
    "external_id",
    "sync_status",
    "external_url",
    "connection",
    "connection_error",
    "fallback_reason",
)
TIMES_OF_BOARD = ("connection_since", "connection_error_at", "fallback_since")


def added_text(model, name):
    return migrations.AddField(model, name, models.TextField(default="", db_default=""))


class Migration(migrations.Migration):
    dependencies = [("marcus_events", "0028_followed_folders")]

    operations = [
        *(added_text("board", name) for name in TEXTS_OF_BOARD),
        *(migrations.AddField("board", name, models.DateTimeField(null=True)) for name in TIMES_OF_BOARD),
        added_text("task", "external_id"),
        added_text("task", "sync_status"),
        added_text("dependency", "depends_on_board"),
        migrations.RemoveConstraint("dependency", "dependency_now"),
        migrations.AddConstraint(
            "dependency",
            models.UniqueConstraint(
                fields=("board_id", "task_id", "depends_on_id", "depends_on_board"),
                condition=Q(to_position=None),
                name="dependency_now",
            ),
        ),
        migrations.AddIndex("dependency", models.Index(fields=["depends_on_id"], name="dependency_on")),
    ]
