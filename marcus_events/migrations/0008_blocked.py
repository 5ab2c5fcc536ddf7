"""How long things stay blocked is counted from the times of the present rows, and only when one has begun or ended."""

from django.db import migrations, models
from django.db.models import Q

INDEXES = (
    models.Index(
        fields=["resolved_at", "blocker_id"],
        name="blocker_resolved",
        condition=Q(to_position=None, resolved_at__isnull=False),
    ),
    models.Index(fields=["opened_at"], name="blocker_opened", condition=Q(to_position=None)),
    models.Index(fields=["from_position"], name="blocker_begun"),
    models.Index(fields=["to_position"], name="blocker_ended", condition=Q(to_position__isnull=False)),
)


class Migration(migrations.Migration):
    dependencies = [("marcus_events", "0007_handling")]

    operations = [migrations.AddIndex("blocker", index) for index in INDEXES]
