"""Identities belong to an owner: two producers that are limited to different boards never meet.

The new index is built beside the old one while events are appended. Only the swap at the end locks the table, and scans
nothing. An interrupted run begins again.
"""

from django.db import migrations, models

BUILD = [
    "ALTER TABLE event_identity ADD COLUMN IF NOT EXISTS owner text NOT NULL DEFAULT ''",
    "DROP INDEX CONCURRENTLY IF EXISTS identity_of_owner",
    "CREATE UNIQUE INDEX CONCURRENTLY identity_of_owner ON event_identity (event_id, source, owner)",
    """ALTER TABLE event_identity DROP CONSTRAINT event_identity_pkey,
        ADD CONSTRAINT event_identity_pkey PRIMARY KEY USING INDEX identity_of_owner""",
]
# Refused where two owners have the same identity: one of the events would have none.
UNDO = [
    """ALTER TABLE event_identity DROP CONSTRAINT event_identity_pkey,
        ADD CONSTRAINT event_identity_pkey PRIMARY KEY (event_id, source), DROP COLUMN owner""",
]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("marcus_events", "0017_audit")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(BUILD, UNDO)],
            state_operations=[
                migrations.AddField("identity", "owner", models.TextField(db_default="", default="")),
                migrations.AlterField(
                    "identity",
                    "pk",
                    models.CompositePrimaryKey(
                        "event_id", "source", "owner", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
            ],
        )
    ]
