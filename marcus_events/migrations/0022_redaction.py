"""The newest redaction is found at once. What the tables held of sessions and names that opens something is gone.

A session goes on: the browser has its key, and the digest of that is where it is looked for from now on. The names that
were tried at sign-in within the last minutes are forgotten, since passwords may be among them.
"""

from django.db import migrations, models

# As `marcus_events.access.session_store` does it. A key of Django has 32 characters, a digest 40.
DIGESTS = """UPDATE django_session SET session_key = left(encode(sha256(convert_to(session_key, 'UTF8')), 'hex'), 40)
    WHERE length(session_key) < 40"""


class Migration(migrations.Migration):
    dependencies = [("marcus_events", "0021_clock_ahead"), ("sessions", "0001_initial"), ("axes", "0001_initial")]

    operations = [
        migrations.AddIndex("redaction", models.Index(fields=["record"], name="redaction_by_record")),
        migrations.RunSQL(DIGESTS, "DELETE FROM django_session"),
        migrations.RunSQL("DELETE FROM axes_accessattempt", migrations.RunSQL.noop),
    ]
