"""The Marcus folders that the server follows by itself."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("marcus_events", "0027_subtasks")]

    operations = [
        migrations.CreateModel(
            name="FollowedFolder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("path", models.TextField(unique=True)),
                ("board", models.TextField(blank=True, db_default="", default="")),
                ("time_zone", models.TextField(blank=True, db_default="", default="")),
                ("added_by", models.TextField()),
                ("added_at", models.DateTimeField()),
                ("state", models.JSONField(null=True)),
                ("state_at", models.DateTimeField(null=True)),
            ],
            options={"db_table": "followed_folder"},
        ),
    ]
