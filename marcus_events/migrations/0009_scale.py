"""What pages ask at a million events: indexes for it, and rates per hour, from those per minute that there are."""

import django.contrib.postgres.indexes
from django.db import migrations, models
from django.db.models import Q

FILL = """INSERT INTO hourly_rate (board_id, event_type, hour, count)
    SELECT board_id, event_type, date_trunc('hour', minute, 'UTC'), sum(count) FROM rate GROUP BY 1, 2, 3"""


class Migration(migrations.Migration):
    dependencies = [("marcus_events", "0008_blocked")]

    operations = [
        migrations.CreateModel(
            name="HourlyRate",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "board_id", "event_type", "hour", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("board_id", models.TextField()),
                ("event_type", models.TextField()),
                ("hour", models.DateTimeField()),
                ("count", models.BigIntegerField()),
            ],
            options={
                "db_table": "hourly_rate",
                "indexes": [models.Index(fields=["hour"], name="hourly_rate_by_hour")],
            },
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddIndex("agent", models.Index(fields=["to_time"], name="agent_ended")),
        migrations.AddIndex(
            "loggedevent",
            models.Index(
                fields=["agent_id", "position"],
                name="event_of_no_board",
                condition=Q(board_id__isnull=True, agent_id__isnull=False),
            ),
        ),
        migrations.AddIndex(
            "task",
            django.contrib.postgres.indexes.HashIndex(
                fields=["name"], name="task_by_name", condition=Q(to_position=None)
            ),
        ),
        migrations.AddIndex(
            "task",
            models.Index(fields=["board_id", "status"], name="task_by_status", condition=Q(to_position=None)),
        ),
    ]
