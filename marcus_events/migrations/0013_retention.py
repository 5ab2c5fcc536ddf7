"""How long events are kept, and what was removed when."""

import django.core.validators
from django.db import migrations, models

# Which events went singly, as ranges of positions; a table of ranges is no model, since Django has no such field.
REMOVAL = """CREATE TABLE removal (
    run_id bigint NOT NULL REFERENCES retention_run ON DELETE CASCADE, positions int8multirange NOT NULL);
CREATE INDEX removal_by_run ON removal (run_id)"""


class Migration(migrations.Migration):
    dependencies = [
        ("marcus_events", "0012_partitions"),
    ]

    operations = [
        migrations.CreateModel(
            name="Thinned",
            fields=[
                ("position", models.BigIntegerField(primary_key=True, serialize=False)),
                ("count", models.BigIntegerField()),
            ],
            options={
                "db_table": "thinned",
            },
        ),
        migrations.CreateModel(
            name="RetentionPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("board_id", models.TextField(blank=True)),
                ("pattern", models.TextField(default="*")),
                (
                    "keep_days",
                    models.PositiveIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(36500),
                        ]
                    ),
                ),
                (
                    "act",
                    models.TextField(
                        choices=[
                            ("remove", "remove them"),
                            ("thin", "thin out runs of like ones to the first and the last"),
                        ],
                        default="remove",
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
                ("done_to", models.BigIntegerField(default=0, editable=False)),
            ],
            options={
                "db_table": "retention_policy",
                "constraints": [
                    models.UniqueConstraint(fields=("board_id", "pattern"), name="policy_once"),
                    models.CheckConstraint(condition=models.Q(("keep_days__gte", 1)), name="policy_keeps_a_day"),
                ],
            },
        ),
        migrations.CreateModel(
            name="RetentionRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("removed", models.BigIntegerField(default=0)),
                ("removed_by", models.JSONField(default=dict)),
                ("partitions", models.IntegerField(default=0)),
                ("bytes_freed", models.BigIntegerField(default=0)),
                ("oldest", models.BigIntegerField(default=0)),
                ("held_by", models.TextField(blank=True)),
                ("passed_over", models.TextField(blank=True)),
                ("error", models.TextField(blank=True)),
            ],
            options={
                "db_table": "retention_run",
                "indexes": [models.Index(fields=["-started_at"], name="retention_newest")],
            },
        ),
        migrations.RunSQL(REMOVAL, "DROP TABLE removal"),
    ]
