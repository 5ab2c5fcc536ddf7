"""Counts by the day, from those by the hour that there are."""

from django.db import migrations, models

FILL_RATES = """INSERT INTO daily_rate (board_id, event_type, day, count)
    SELECT board_id, event_type, date_trunc('day', hour, 'UTC'), sum(count) FROM hourly_rate GROUP BY 1, 2, 3"""
FILL_FACETS = """INSERT INTO daily_facet (board_id, field, value, day, count)
    SELECT board_id, field, value, date_trunc('day', hour, 'UTC'), sum(count) FROM hourly_facet GROUP BY 1, 2, 3, 4"""


class Migration(migrations.Migration):
    dependencies = [("marcus_events", "0037_answered_blockers")]

    operations = [
        migrations.CreateModel(
            name="DailyRate",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "board_id", "event_type", "day", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("board_id", models.TextField()),
                ("event_type", models.TextField()),
                ("day", models.DateTimeField()),
                ("count", models.BigIntegerField()),
            ],
            options={
                "db_table": "daily_rate",
                "indexes": [models.Index(fields=["day"], name="daily_rate_by_day")],
            },
        ),
        migrations.CreateModel(
            name="DailyFacet",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "board_id",
                        "field",
                        "value",
                        "day",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("board_id", models.TextField()),
                ("field", models.TextField()),
                ("value", models.TextField()),
                ("day", models.DateTimeField()),
                ("count", models.BigIntegerField()),
            ],
            options={
                "db_table": "daily_facet",
                "indexes": [models.Index(fields=["day"], name="daily_facet_by_day")],
            },
        ),
        migrations.RunSQL(FILL_RATES, migrations.RunSQL.noop),
        migrations.RunSQL(FILL_FACETS, migrations.RunSQL.noop),
    ]
