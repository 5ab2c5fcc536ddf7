"""The search index is made anew: in it, the words of what names other tasks stand apart from the others."""

from django.db import migrations

START_OVER = """UPDATE checkpoint SET epoch = '00000000-0000-0000-0000-000000000000'
    WHERE projection = 'search'"""


class Migration(migrations.Migration):
    dependencies = [("marcus_events", "0029_boards")]

    operations = [migrations.RunSQL(START_OVER, migrations.RunSQL.noop)]
