"""Names of models in plain English."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("dashboard", "0004_shared_searches"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="alertpreferences",
            options={"verbose_name": "alert preferences", "verbose_name_plural": "alert preferences"},
        ),
        migrations.AlterModelOptions(
            name="savedsearch",
            options={"verbose_name_plural": "saved searches"},
        ),
    ]
