"""Which boards somebody has to see to be shown a shared search. Of those that are there it is not known: every board."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0003_saved_searches")]

    operations = [
        migrations.AddField("savedsearch", "boards", models.JSONField(default=None, null=True)),
    ]
