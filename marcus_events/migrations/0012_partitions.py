"""The log in partitions by position, so that old ones can be dropped whole; identities in a table of their own.

The table that there is becomes the first partition, however large it is: its rows and indexes stay as they are, and are
read once to see that they fit. Only the identities are written anew.
"""

from typing import Any

import django.contrib.postgres.indexes
from django.db import migrations, models

SIZE = 1_000_000  # positions in a partition, as in marcus_events.log.partitions
FIRST = "event_0"

IDENTITIES = """
ALTER TABLE event RENAME CONSTRAINT event_identity TO event_by_identity;
CREATE TABLE event_identity (
    event_id text NOT NULL, source text NOT NULL, position bigint NOT NULL, digest bytea NOT NULL);
INSERT INTO event_identity SELECT event_id, source, position, digest FROM event ORDER BY position;
ALTER TABLE event_identity ADD PRIMARY KEY (event_id, source);
CREATE INDEX identity_by_position ON event_identity USING brin (position);
ALTER TABLE event DROP CONSTRAINT event_by_identity, DROP COLUMN digest;
"""
DIVIDE = f"""
ALTER TABLE event RENAME TO {FIRST};
ALTER INDEX event_pkey RENAME TO {FIRST}_pkey;
CREATE TABLE event (LIKE {FIRST}) PARTITION BY RANGE (position);
ALTER TABLE event ADD PRIMARY KEY (position);
"""
INDEXES = r"""SELECT indexname, indexdef FROM pg_indexes
    WHERE schemaname = current_schema() AND tablename = 'event' AND indexname NOT LIKE '%\_pkey'"""


def divide(apps: Any, editor: Any) -> None:
    with editor.connection.cursor() as cursor:
        cursor.execute(IDENTITIES)
        cursor.execute(INDEXES)
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"ALTER INDEX {name} RENAME TO {FIRST}_{name}")
        cursor.execute(DIVIDE)
        for _, definition in indexes:
            cursor.execute(definition)
        attach(cursor)


def attach(cursor: Any) -> None:
    cursor.execute("SELECT position FROM log_head WHERE id = 1")
    head = (cursor.fetchone() or (0,))[0]
    until = (head // SIZE + 1) * SIZE
    cursor.execute(f"ALTER TABLE event ATTACH PARTITION {FIRST} FOR VALUES FROM (MINVALUE) TO ({until})")


class Migration(migrations.Migration):
    dependencies = [("marcus_events", "0011_search")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(divide, elidable=False)],
            state_operations=[
                migrations.RemoveConstraint("loggedevent", "event_identity"),
                migrations.RemoveField("loggedevent", "digest"),
                migrations.CreateModel(
                    name="Identity",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "event_id", "source", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("event_id", models.TextField()),
                        ("source", models.TextField()),
                        ("position", models.BigIntegerField()),
                        ("digest", models.BinaryField(max_length=16)),
                    ],
                    options={
                        "db_table": "event_identity",
                        "indexes": [
                            django.contrib.postgres.indexes.BrinIndex(fields=["position"], name="identity_by_position")
                        ],
                    },
                ),
            ],
        )
    ]
