"""The agent that has received an answer."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("marcus_events", "0032_unseen_answers")]

    operations = [
        migrations.AddField("blocker", "seen_by", models.TextField(default="", db_default="")),
    ]
