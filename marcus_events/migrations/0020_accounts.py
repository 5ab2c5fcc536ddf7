"""Every event that is missing or replaced is accounted for by an event of the log itself.

What earlier versions had removed or redacted, without such an event or with one that has been removed since, is stated
once, here: from now on it is accounted for by these events.
"""

import hashlib
import json
import uuid
from typing import Any

from django.db import migrations, models

REMOVAL = """
ALTER TABLE removal DROP CONSTRAINT removal_run_id_fkey;
ALTER TABLE removal ADD CONSTRAINT removal_run_id_fkey FOREIGN KEY (run_id) REFERENCES retention_run;
ALTER TABLE removal ALTER run_id DROP NOT NULL;
ALTER TABLE removal ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
ALTER TABLE removal ADD COLUMN is_done boolean NOT NULL DEFAULT true;
ALTER TABLE removal ALTER is_done SET DEFAULT false;
"""
NOT_REMOVAL = """
ALTER TABLE removal DROP COLUMN is_done;
ALTER TABLE removal DROP COLUMN id;
DELETE FROM removal WHERE run_id IS NULL;
ALTER TABLE removal ALTER run_id SET NOT NULL;
ALTER TABLE removal DROP CONSTRAINT removal_run_id_fkey;
ALTER TABLE removal ADD CONSTRAINT removal_run_id_fkey FOREIGN KEY (run_id) REFERENCES retention_run ON DELETE CASCADE;
"""
# A DELETE needs an entry in `removal` of a run that is open, which `marcus.removal` names; once per statement, since an
# entry holds thousands of positions, it is seen that the entry holds them all.
# An UPDATE needs a redaction and the event that records it, and leaves the marker, and of the metadata the place.
GUARD = """
CREATE OR REPLACE FUNCTION event_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND to_regclass('removal') IS NOT NULL THEN
        IF EXISTS (SELECT FROM removal AS m JOIN retention_run AS run ON run.id = m.run_id
                   WHERE m.id = nullif(current_setting('marcus.removal', true), '')::bigint
                   AND run.ended_at IS NULL) THEN
            RETURN OLD;
        END IF;
    ELSIF TG_OP = 'UPDATE' THEN
        IF to_jsonb(NEW) - 'data' - 'metadata' = to_jsonb(OLD) - 'data' - 'metadata'
            AND NEW.data ?& ARRAY['redacted', 'by', 'at', 'reason']
            AND NEW.data - ARRAY['redacted', 'by', 'at', 'reason'] = '{}'
            AND NEW.metadata - ARRAY['board_id', 'board_name', 'correlation_id', 'demo', 'out_of_order', 'effect']
                = '{}'
            AND EXISTS (
                SELECT FROM redaction AS r JOIN event AS said ON said.position = r.record
                WHERE r.position = OLD.position AND r.marker = NEW.data AND r.metadata = NEW.metadata
                AND said.event_type = 'event_redacted' AND said.data->'position' = to_jsonb(OLD.position)) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'the log keeps its events: % of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = '23000';
END $$;
"""
DECLARED = """
CREATE FUNCTION removal_is_declared() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT (SELECT range_agg(int8range(position, position + 1)) FROM gone) <@ coalesce((
        SELECT positions FROM removal WHERE id = nullif(current_setting('marcus.removal', true), '')::bigint), '{}') THEN
        RAISE EXCEPTION 'the log keeps its events: % of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = '23000';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER kept_as_declared AFTER DELETE ON event REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION removal_is_declared();
"""
NOT_DECLARED = "DROP TRIGGER kept_as_declared ON event; DROP FUNCTION removal_is_declared();"
# The record of a redaction is written again before retention removes it: then the redaction names the new one.
REDACTIONS = """
CREATE FUNCTION redaction_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF to_jsonb(NEW) - 'record' = to_jsonb(OLD) - 'record' AND EXISTS (
            SELECT FROM event WHERE position = NEW.record AND event_type = 'event_redacted'
            AND data->'position' = to_jsonb(OLD.position)) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'what proves the log is not changed: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = '23000';
END $$;
DROP TRIGGER kept ON redaction;
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON redaction FOR EACH ROW EXECUTE FUNCTION redaction_is_kept();
"""
NOT_GUARD = """
CREATE OR REPLACE FUNCTION event_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND to_regclass('retention_run') IS NOT NULL THEN
        IF EXISTS (SELECT FROM retention_run
                   WHERE id = nullif(current_setting('marcus.removal', true), '')::bigint AND ended_at IS NULL) THEN
            RETURN OLD;
        END IF;
    ELSIF TG_OP = 'UPDATE' THEN
        IF to_jsonb(NEW) - 'data' - 'metadata' = to_jsonb(OLD) - 'data' - 'metadata' AND EXISTS (
            SELECT FROM redaction AS r
            WHERE r.position = OLD.position AND r.marker = NEW.data AND r.metadata = NEW.metadata) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'the log keeps its events: % of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = '23000';
END $$;
DROP TRIGGER kept ON redaction;
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON redaction FOR EACH ROW EXECUTE FUNCTION stays_as_it_is();
DROP FUNCTION redaction_is_kept();
"""

APPEND = """
WITH moved AS (
    UPDATE log_head SET position = position + 1, recorded_at = greatest(recorded_at, clock_timestamp()) WHERE id = 1
    RETURNING position, recorded_at
), identified AS (
    INSERT INTO event_identity (event_id, source, position, digest)
    SELECT %(event_id)s, %(source)s, position, substring(sha256(convert_to(%(data)s, 'UTF8')) FROM 1 FOR 16) FROM moved
)
INSERT INTO event (position, recorded_at, event_id, source, event_type, timestamp, data, metadata)
SELECT position, recorded_at, %(event_id)s, %(source)s, %(event_type)s, coalesce(%(timestamp)s, recorded_at),
    %(data)s::jsonb, %(metadata)s::jsonb FROM moved RETURNING position
"""
UNRECORDED = """
SELECT r.position, r.by, r.reason, r.at, encode(r.leaf, 'hex'), encode(r.marked, 'hex'), e.event_type, e.event_id
FROM redaction AS r JOIN event AS e USING (position)
WHERE NOT EXISTS (SELECT FROM event AS said WHERE said.position = r.record)
AND (r.record < %s OR EXISTS (SELECT FROM removal WHERE positions @> r.record)) ORDER BY r.position
"""
MAX_TEXT = 2_000


def state(apps: Any, editor: Any) -> None:
    """As `marcus_events.log.removed_positions` and `marcus_events.audit.redaction` write such events at the time of this migration."""
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT position, oldest FROM log_head WHERE id = 1 FOR UPDATE")
        head = cursor.fetchone()
        if head is None:
            return
        make_room(editor.connection, head[0])
        state_redactions(cursor, head[1])
        state_removals(cursor, head[1])


def make_room(connection: Any, position: int) -> None:
    """For what is appended here; as a rule there is."""
    from marcus_events.log import partitions

    if partitions.reach(connection.connection) <= position + partitions.AHEAD:
        partitions.make_room(connection.connection, position)


def state_redactions(cursor: Any, oldest: int) -> None:
    """Those whose record retention has removed."""
    cursor.execute(UNRECORDED, [oldest])
    for position, by, reason, at, leaf, marked, event_type, event_id in cursor.fetchall():
        data = {"by": by, "address": "", "position": position, "reason": reason, "type": event_type}
        data |= {"leaf": leaf, "marked": marked, "stated": "at an update"}
        cause = {"causation_id": event_id, "correlation_id": event_id}
        record = append(cursor, "event_redacted", f"user:{by}", data, cause, at)
        cursor.execute("UPDATE redaction SET record = %s WHERE position = %s", [record, position])


def state_removals(cursor: Any, oldest: int) -> None:
    if oldest > 1:
        cursor.execute(
            "INSERT INTO removal (positions, is_done) VALUES (int8multirange(int8range(1, %s)), true)", [oldest]
        )
    cursor.execute(
        """SELECT all_of.positions::text, sum(upper(one) - lower(one))
        FROM (SELECT range_agg(positions) AS positions FROM removal) AS all_of, unnest(all_of.positions) AS one
        GROUP BY 1"""
    )
    found = cursor.fetchone()
    if found is None:
        return
    text, total = found[0], int(found[1])
    shortened = text if len(text) <= MAX_TEXT else text[: text.rindex(")", 0, MAX_TEXT) + 1] + ", …}"
    data = {"by": "retention", "address": "", "count": total, "stated": "at an update", "ranges": shortened}
    data |= {"digest": hashlib.sha256(text.encode()).hexdigest(), "total": total}
    if len(text) <= MAX_TEXT:
        data["all"] = text
    append(cursor, "events_removed", "user:retention", data, {}, None)


def append(cursor: Any, event_type: str, source: str, data: Any, metadata: Any, timestamp: Any) -> int:
    values = {"event_id": f"audit_{uuid.uuid4().hex}", "source": source, "event_type": event_type}
    values |= {"data": json.dumps(data), "metadata": json.dumps(metadata), "timestamp": timestamp}
    cursor.execute(APPEND, values)
    return int(cursor.fetchone()[0])


class Migration(migrations.Migration):
    dependencies = [("marcus_events", "0019_removed_boards")]

    operations = [
        migrations.CreateModel(
            name="AnchorState",
            fields=[
                ("key", models.TextField(primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("epoch", models.UUIDField(null=True)),
                ("position", models.BigIntegerField(default=0)),
                ("hash", models.TextField(default="")),
                ("anchored_at", models.DateTimeField(null=True)),
                ("tried_at", models.DateTimeField(null=True)),
                ("failures", models.IntegerField(default=0)),
                ("error", models.TextField(default="")),
            ],
            options={"db_table": "anchor_state"},
        ),
        migrations.AddField("verification", "anchored", models.BigIntegerField(default=0)),
        migrations.RunSQL(REMOVAL, NOT_REMOVAL),
        migrations.RunSQL(GUARD, NOT_GUARD),
        migrations.RunSQL(DECLARED, NOT_DECLARED),
        migrations.RunSQL(REDACTIONS, migrations.RunSQL.noop),
        migrations.RunPython(state, migrations.RunPython.noop),
    ]
