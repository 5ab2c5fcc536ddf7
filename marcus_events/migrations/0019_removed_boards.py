"""Which boards were removed, as a table, and the order in which boards are listed."""

from django.db import migrations, models
from django.db.models import Q
from django.db.models.functions import Left, Lower

# A board's interval that ends without another one beginning there was ended by the board's removal.
FILL = """INSERT INTO board_removal (board_id, position, time)
    SELECT board_id, to_position, to_time FROM board AS ended
    WHERE to_position IS NOT NULL AND NOT EXISTS (
        SELECT FROM board WHERE board.board_id = ended.board_id AND board.from_position = ended.to_position
    )"""


class Migration(migrations.Migration):
    dependencies = [("marcus_events", "0018_identity_owner")]

    operations = [
        migrations.CreateModel(
            "BoardRemoval",
            [
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "board_id", "position", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("board_id", models.TextField()),
                ("position", models.BigIntegerField()),
                ("time", models.DateTimeField()),
            ],
            {"db_table": "board_removal"},
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddIndex(
            "board",
            models.Index(
                "demo", Left(Lower("name"), 64), "board_id", name="board_by_name", condition=Q(to_position=None)
            ),
        ),
    ]
