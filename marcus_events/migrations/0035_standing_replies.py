"""Standing replies, and which one of them answered a blocker."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("marcus_events", "0034_marcus_proxies")]

    operations = [
        migrations.CreateModel(
            name="StandingReply",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("board_id", models.TextField()),
                ("blocker_id", models.BigIntegerField()),
                ("epoch", models.UUIDField()),
                ("fields", models.JSONField()),
                ("ends_at", models.DateTimeField()),
                ("max_uses", models.PositiveIntegerField()),
                (
                    "stage",
                    models.TextField(
                        choices=[("shadow", "in shadow mode"), ("on", "on"), ("off", "off")], default="shadow"
                    ),
                ),
                ("saved_by", models.TextField()),
                ("saved_at", models.DateTimeField()),
                ("turned_on_by", models.TextField(default="")),
                ("turned_on_at", models.DateTimeField(null=True)),
                ("turned_on_position", models.BigIntegerField(default=0)),
                ("turned_off_at", models.DateTimeField(null=True)),
                ("turned_off_by", models.TextField(default="")),
                ("reason", models.TextField(default="")),
            ],
            options={
                "verbose_name_plural": "standing replies",
                "db_table": "standing_reply",
                "constraints": [
                    models.UniqueConstraint(
                        fields=["blocker_id"], condition=~Q(stage="off"), name="standing_reply_once"
                    )
                ],
            },
        ),
        migrations.AddField("blocker", "standing_reply", models.TextField(default="", db_default="")),
    ]
