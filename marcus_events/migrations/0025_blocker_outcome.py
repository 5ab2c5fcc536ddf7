"""Why an answer was not delivered, and who ended a blocker: columns of a projection, empty for all that was before."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("marcus_events", "0023_sign_in")]

    operations = [
        migrations.AddField("blocker", name, models.TextField(default="", db_default=""))
        for name in ("undelivered", "resolved_by")
    ]
