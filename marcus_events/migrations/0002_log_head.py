"""The one row of `log_head`: an empty log, under an epoch of its own."""

from django.db import migrations

CREATE = "INSERT INTO log_head (id, position, recorded_at, oldest, epoch) VALUES (1, 0, now(), 1, gen_random_uuid())"


class Migration(migrations.Migration):
    dependencies = [("marcus_events", "0001_tables")]
    operations = [migrations.RunSQL(CREATE, "DELETE FROM log_head")]
