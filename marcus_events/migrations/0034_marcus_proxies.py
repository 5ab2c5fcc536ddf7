"""The proxies in front of Marcus installations."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("marcus_events", "0033_seen_by")]

    operations = [
        migrations.CreateModel(
            name="ConnectedProxy",
            fields=[
                ("proxy_id", models.TextField(primary_key=True, serialize=False)),
                ("marcus", models.TextField()),
                ("address", models.TextField()),
                ("board", models.TextField()),
                ("started_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("called_at", models.DateTimeField(null=True)),
                ("calls", models.BigIntegerField()),
                ("agents", models.IntegerField()),
                ("open_questions", models.IntegerField()),
                ("waiting", models.BigIntegerField()),
                ("problem", models.TextField()),
            ],
            options={
                "verbose_name": "Marcus proxy",
                "verbose_name_plural": "Marcus proxies",
                "db_table": "marcus_proxy",
            },
        ),
    ]
