"""Who may act on blockers, and not only watch."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("marcus_events", "0009_scale")]

    operations = [
        migrations.AlterModelOptions(
            "blocker", {"permissions": [("handle_blocker", "Can answer, take on, assign and put off")]}
        )
    ]
