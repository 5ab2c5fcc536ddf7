"""Webhooks and their deliveries."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("marcus_events", "0035_standing_replies"),
    ]

    operations = [
        migrations.CreateModel(
            name="Webhook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("url", models.TextField(unique=True)),
                ("boards", models.JSONField(default=list)),
                ("nonce", models.TextField()),
                ("created_by", models.TextField()),
                ("created_at", models.DateTimeField()),
                ("position", models.BigIntegerField()),
                ("turned_off_at", models.DateTimeField(null=True)),
                ("turned_off_reason", models.TextField(db_default="", default="")),
            ],
            options={
                "db_table": "webhook",
            },
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("blocker_id", models.BigIntegerField()),
                ("position", models.BigIntegerField()),
                ("message_id", models.TextField()),
                ("status", models.TextField(default="waiting")),
                ("attempts", models.IntegerField(default=0)),
                ("due_at", models.DateTimeField()),
                ("attempted_at", models.DateTimeField(null=True)),
                ("error", models.TextField(db_default="", default="")),
                (
                    "webhook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="marcus_events.webhook",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "webhook deliveries",
                "db_table": "webhook_delivery",
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "waiting")),
                        fields=["webhook", "due_at"],
                        name="webhook_delivery_due",
                    ),
                    models.Index(
                        condition=models.Q(("status", "failed")),
                        fields=["webhook", "attempted_at"],
                        name="webhook_delivery_failed",
                    ),
                    models.Index(fields=["webhook", "attempted_at"], name="webhook_delivery_attempted"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("webhook", "blocker_id"), name="webhook_delivery_once")
                ],
            },
        ),
    ]
