"""Find what belongs to a correlation: most events belong to none, so the index is small."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("marcus_events", "0003_durable_subscriptions")]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX event_by_correlation ON event ((metadata->>'correlation_id'))"
            " WHERE metadata->>'correlation_id' IS NOT NULL",
            "DROP INDEX event_by_correlation",
        )
    ]
