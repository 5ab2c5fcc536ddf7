"""The search index, which fills by itself, and facets, counted from the log as far as the rates have come."""

import django.contrib.postgres.search
from django.db import migrations, models

# What the rates leave out: a board's events up to its removal, and the removal itself.
COUNTED = """FROM event WHERE position <= (SELECT position FROM checkpoint WHERE projection = 'rates')
    AND NOT EXISTS (SELECT FROM event AS removal WHERE removal.event_type = 'board_removed'
        AND removal.board_id = event.board_id AND removal.position >= event.position
        AND removal.position <= (SELECT position FROM checkpoint WHERE projection = 'rates'))"""
FILL_HOURS = f"""INSERT INTO hourly_facet (board_id, field, value, hour, count)
    SELECT coalesce(board_id, ''), field, value, date_trunc('hour', timestamp, 'UTC'), count(*)
    FROM (SELECT * {COUNTED}) AS counted, LATERAL (VALUES ('source', source), ('agent', agent_id)) AS facet(field, value)
    WHERE value IS NOT NULL GROUP BY 1, 2, 3, 4"""  # noqa: S608 - put together from constants
FILL = f"""INSERT INTO facet (board_id, field, value, count)
    SELECT coalesce(board_id, ''), field, value, count(*) FROM (SELECT * {COUNTED}) AS counted,
    LATERAL (VALUES ('type', event_type), ('source', source), ('agent', agent_id), ('task', task_id)) AS facet(field, value)
    WHERE value IS NOT NULL GROUP BY 1, 2, 3"""  # noqa: S608


class Migration(migrations.Migration):
    dependencies = [
        ("marcus_events", "0010_handle_blocker"),
    ]

    operations = [
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                ("position", models.BigIntegerField(primary_key=True, serialize=False)),
                ("timestamp", models.DateTimeField()),
                ("words", django.contrib.postgres.search.SearchVectorField()),
            ],
            options={
                "db_table": "search",
            },
        ),
        migrations.CreateModel(
            name="SearchPart",
            fields=[
                ("name", models.TextField(primary_key=True, serialize=False)),
                ("first", models.BigIntegerField()),
                ("last", models.BigIntegerField()),
                ("least", models.DateTimeField(null=True)),
                ("greatest", models.DateTimeField(null=True)),
                ("is_indexed", models.BooleanField(default=False)),
                ("is_retired", models.BooleanField(default=False)),
            ],
            options={
                "db_table": "search_part",
            },
        ),
        migrations.CreateModel(
            name="Facet",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "board_id", "field", "value", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("board_id", models.TextField()),
                ("field", models.TextField()),
                ("value", models.TextField()),
                ("count", models.BigIntegerField()),
            ],
            options={
                "db_table": "facet",
                "indexes": [
                    models.Index(
                        fields=["field", "value"], name="facet_by_value", opclasses=["text_ops", "text_pattern_ops"]
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="HourlyFacet",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "board_id",
                        "field",
                        "value",
                        "hour",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("board_id", models.TextField()),
                ("field", models.TextField()),
                ("value", models.TextField()),
                ("hour", models.DateTimeField()),
                ("count", models.BigIntegerField()),
            ],
            options={
                "db_table": "hourly_facet",
                "indexes": [models.Index(fields=["hour"], name="hourly_facet_by_hour")],
            },
        ),
        migrations.RunSQL(FILL_HOURS, migrations.RunSQL.noop),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
