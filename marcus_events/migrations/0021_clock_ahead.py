"""The index by time is on the time that counts: the timestamp, but never later than when the event was recorded.

Each partition is indexed on its own and without blocking anybody; then the old index goes. Where the log has events of
a clock that was far ahead, the projections are made anew by the worker: they counted those by the wrong time.
"""

from typing import Any

from django.db import migrations, models
from django.db.models.functions import Least

INDEX = "CREATE INDEX IF NOT EXISTS event_by_happened ON ONLY event (least(timestamp, recorded_at))"
PARTITIONS = """SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'event'::regclass AND NOT EXISTS (
        SELECT FROM pg_index AS own JOIN pg_inherits AS whole ON whole.inhrelid = own.indexrelid
        WHERE own.indrelid = c.oid AND whole.inhparent = 'event_by_happened'::regclass)"""
INVALID = "SELECT FROM pg_index WHERE indexrelid = to_regclass(%s) AND NOT indisvalid"
START_OVER = """UPDATE checkpoint SET epoch = '00000000-0000-0000-0000-000000000000'
    WHERE projection IN ('state', 'rates', 'search')
        AND EXISTS (SELECT FROM event WHERE timestamp > recorded_at + interval '5 minutes')"""


def index(apps: Any, editor: Any) -> None:
    with editor.connection.cursor() as cursor:
        cursor.execute(INDEX)
        cursor.execute(PARTITIONS)
        for (table,) in cursor.fetchall():
            index_partition(cursor, table)
        cursor.execute("DROP INDEX IF EXISTS event_by_time")


def index_partition(cursor: Any, table: str) -> None:
    """An invalid index is what an earlier attempt has left behind."""
    name = f"{table}_by_happened"
    cursor.execute(INVALID, [name])
    if cursor.fetchone() is not None:
        cursor.execute(f"DROP INDEX {name}")
    cursor.execute(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {table} (least(timestamp, recorded_at))")
    cursor.execute(f"ALTER INDEX event_by_happened ATTACH PARTITION {name}")
    cursor.execute(f"ANALYZE {table}")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("marcus_events", "0020_accounts")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(index, elidable=False)],
            state_operations=[
                migrations.RemoveIndex("loggedevent", "event_by_time"),
                migrations.AddIndex(
                    "loggedevent", models.Index(Least("timestamp", "recorded_at"), name="event_by_happened")
                ),
            ],
        ),
        migrations.RunSQL(START_OVER),
    ]
