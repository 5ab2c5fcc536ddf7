"""What was refused at the door lately, and why."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("marcus_events", "0005_tokens")]

    operations = [
        migrations.CreateModel(
            "RefusedRequest",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("status", models.SmallIntegerField()),
                ("reason", models.TextField()),
                ("address", models.TextField()),
                ("prefix", models.TextField()),
                ("method", models.TextField()),
                ("path", models.TextField()),
                ("count", models.BigIntegerField()),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
            ],
            options={
                "db_table": "refused_request",
                "constraints": [
                    models.UniqueConstraint(
                        fields=["status", "reason", "address", "prefix", "method", "path"], name="refused_once"
                    )
                ],
            },
        ),
    ]
