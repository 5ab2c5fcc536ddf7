"""Nobody edits or deletes an event: triggers refuse it, but for redactions and what a retention run removes.

Beside that, the tables of redactions, of the hash chain and of its verifications.
"""

from django.db import migrations, models

import marcus_events.core.event

# A violated constraint to whoever asks (23000). Redacting changes the body alone, to what `redaction` holds of it.
GUARD = """
CREATE FUNCTION event_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE FUNCTION stays_as_it_is() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what proves the log is not changed: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = '23000';
END $$;
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON event FOR EACH ROW EXECUTE FUNCTION event_is_kept();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON event FOR EACH STATEMENT EXECUTE FUNCTION event_is_kept();
"""
PROOFS = "".join(
    f"""
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION stays_as_it_is();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION stays_as_it_is();
"""
    for table in ("redaction", "seal")
)
UNGUARD = """
DROP TRIGGER kept ON event; DROP TRIGGER kept_whole ON event;
DROP FUNCTION event_is_kept() CASCADE; DROP FUNCTION stays_as_it_is() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("marcus_events", "0015_access")]

    operations = [
        migrations.CreateModel(
            name="Redaction",
            fields=[
                ("position", models.BigIntegerField(primary_key=True, serialize=False)),
                ("by", models.TextField()),
                ("reason", models.TextField()),
                ("at", models.DateTimeField()),
                ("marker", models.JSONField()),
                ("metadata", models.JSONField()),
                ("leaf", models.BinaryField(max_length=16)),
                ("marked", models.BinaryField(max_length=16)),
                ("record", models.BigIntegerField()),
            ],
            options={
                "db_table": "redaction",
            },
        ),
        migrations.CreateModel(
            name="Seal",
            fields=[
                ("last", models.BigIntegerField()),
                ("first", models.BigIntegerField()),
                ("chain", models.UUIDField()),
                ("leaves", models.BinaryField()),
                ("hash", models.BinaryField(max_length=32)),
                ("sealed_at", models.DateTimeField(default=marcus_events.core.event.utc_now)),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "chain", "last", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
            ],
            options={
                "db_table": "seal",
            },
        ),
        migrations.CreateModel(
            name="Verification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("by", models.TextField()),
                ("started_at", models.DateTimeField(default=marcus_events.core.event.utc_now)),
                ("seen_at", models.DateTimeField(default=marcus_events.core.event.utc_now)),
                ("ended_at", models.DateTimeField(null=True)),
                ("until", models.BigIntegerField(default=0)),
                ("verified_to", models.BigIntegerField(default=0)),
                ("head_hash", models.TextField(default="")),
                ("events", models.BigIntegerField(default=0)),
                ("redacted", models.BigIntegerField(default=0)),
                ("removed", models.BigIntegerField(default=0)),
                ("faults", models.JSONField(default=list)),
                ("error", models.TextField(default="")),
            ],
            options={
                "db_table": "verification",
                "indexes": [models.Index(fields=["-started_at"], name="verification_newest")],
            },
        ),
        migrations.RunSQL(GUARD + PROOFS, UNGUARD),
    ]
