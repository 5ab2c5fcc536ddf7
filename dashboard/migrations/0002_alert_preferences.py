"""What may interrupt people, and when."""

import datetime

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import dashboard.models


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("dashboard", "0001_visits"),
    ]

    operations = [
        migrations.CreateModel(
            name="AlertPreferences",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("boards", models.JSONField(default=list)),
                ("severity", models.TextField(default="low")),
                ("notifications", models.BooleanField(default=True)),
                ("sound", models.BooleanField(default=False)),
                ("quiet", models.BooleanField(default=False)),
                ("quiet_from", models.TimeField(default=datetime.time(22, 0))),
                ("quiet_to", models.TimeField(default=datetime.time(7, 0))),
                ("quiet_days", models.JSONField(default=dashboard.models.every_day)),
                ("time_zone", models.TextField(default="UTC")),
                ("noted_until", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "alert_preferences",
            },
        ),
    ]
