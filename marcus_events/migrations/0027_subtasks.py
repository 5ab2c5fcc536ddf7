"""A task's parent: a column of a projection, taken from the events that have named it for the tasks that are there."""

from django.db import migrations, models
from django.db.models import Q

# `task_created` of a followed Marcus has always named the parent; only the tables did not keep it.
PARENTS = """UPDATE task SET parent_task_id = event.data->>'parent_task_id'
    FROM event
    WHERE event.event_type = 'task_created' AND jsonb_exists(event.data, 'parent_task_id')
        AND jsonb_typeof(event.data->'parent_task_id') = 'string' AND event.data->>'parent_task_id' <> event.task_id
        AND task.task_id = event.task_id AND task.board_id = coalesce(event.board_id, '')
        AND task.from_position >= event.position"""


class Migration(migrations.Migration):
    dependencies = [("marcus_events", "0026_rights")]

    operations = [
        migrations.AddField("task", "parent_task_id", models.TextField(default="", db_default="")),
        migrations.RunSQL(PARENTS, migrations.RunSQL.noop),
        migrations.AddIndex(
            "task",
            models.Index(
                fields=["board_id", "parent_task_id"],
                name="task_by_parent",
                condition=Q(to_position=None) & ~Q(parent_task_id=""),
            ),
        ),
    ]
