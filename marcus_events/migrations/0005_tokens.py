"""A token may be for several boards, speak for some sources only, and end."""

from django.db import migrations, models

KEEP_BOARDS = "UPDATE token SET boards = jsonb_build_array(board_id) WHERE board_id <> ''"
KEEP_FIRST_BOARD = "UPDATE token SET board_id = coalesce(boards->>0, '')"


class Migration(migrations.Migration):
    dependencies = [("marcus_events", "0004_correlation")]

    operations = [
        migrations.AddField("token", "boards", models.JSONField(default=list)),
        migrations.AddField("token", "sources", models.JSONField(default=list)),
        migrations.AddField("token", "expires_at", models.DateTimeField(null=True)),
        migrations.RunSQL(KEEP_BOARDS, KEEP_FIRST_BOARD),
        migrations.RemoveField("token", "board_id"),
    ]
