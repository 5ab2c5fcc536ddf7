"""What Django's admin calls the tables, and boards by a key that it can list. Nothing changes in the database."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("marcus_events", "0013_retention")]

    operations = [
        migrations.CreateModel(
            "BoardNow",
            [
                ("from_position", models.BigIntegerField()),
                ("to_position", models.BigIntegerField(null=True)),
                ("from_time", models.DateTimeField()),
                ("to_time", models.DateTimeField(null=True)),
                ("board_id", models.TextField(primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("demo", models.BooleanField()),
                ("created_at", models.DateTimeField()),
            ],
            {"db_table": "board", "managed": False, "verbose_name": "board"},
        ),
        migrations.AlterModelOptions("checkpoint", {"verbose_name": "projection"}),
        migrations.AlterModelOptions("loggedevent", {"verbose_name": "event"}),
        migrations.AlterModelOptions("subscription", {"verbose_name": "durable subscription"}),
    ]
