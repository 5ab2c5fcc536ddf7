"""The board of the task that another depends on, where an event has named it.

Rows from before hold none. The board is then found by the id of the task, so nothing has to be rebuilt for it.
"""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("marcus_events", "0027_subtasks")]

    operations = [
        migrations.AddField("dependency", "depends_on_board", models.TextField(default="", db_default="")),
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
