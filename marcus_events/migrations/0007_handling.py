"""What people do about a blocker: columns of a projection, empty for all that was before."""

from django.db import migrations, models
from django.db.models import Q

TEXTS = ("acknowledged_by", "assignee", "answer", "answered_by", "answer_id")
TIMES = ("snoozed_until", "answer_due", "awaited_until", "seen_at", "resumed_at")


class Migration(migrations.Migration):
    dependencies = [("marcus_events", "0006_refused_requests")]

    operations = [
        *(migrations.AddField("blocker", name, models.TextField(default="")) for name in TEXTS),
        *(migrations.AddField("blocker", name, models.DateTimeField(null=True)) for name in TIMES),
        migrations.AddIndex(
            "blocker",
            models.Index(fields=["answer_due"], name="blocker_answer", condition=Q(to_position=None, resolved_at=None)),
        ),
    ]
