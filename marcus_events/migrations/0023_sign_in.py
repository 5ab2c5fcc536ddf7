"""Sessions with their user beside them, one-time links as rows, and the addresses from which people have signed in.

People who are signed in stay signed in: their sessions are copied. A trigger ends the sessions and the unused links of a
user whose password changes, or who is locked out or let in again, whatever changes it.
"""

import django.db.models.deletion
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import migrations, models
from django.utils import timezone

BATCH = 1_000  # sessions
TRIGGER = """
CREATE FUNCTION end_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM session WHERE user_id = NEW.id;
    DELETE FROM sign_in_link WHERE user_id = NEW.id AND used_at IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER end_sessions AFTER UPDATE OF is_active, password ON auth_user FOR EACH ROW
WHEN (OLD.is_active IS DISTINCT FROM NEW.is_active OR OLD.password IS DISTINCT FROM NEW.password)
EXECUTE FUNCTION end_sessions();
"""
WITHOUT_TRIGGER = "DROP TRIGGER end_sessions ON auth_user; DROP FUNCTION end_sessions()"


def copy_sessions(apps, schema_editor):
    """Those of users who may sign in. Which user that is stands in the encoded data alone."""
    make = apps.get_model("marcus_events", "Session")
    active = set(apps.get_model("auth", "User").objects.filter(is_active=True).values_list("pk", flat=True))
    old = apps.get_model("sessions", "Session").objects.filter(expire_date__gt=timezone.now())
    copies = []
    for session in old.iterator(BATCH):
        user = SessionStore().decode(session.session_data).get(SESSION_KEY)
        if user and int(user) in active:
            fields = {"session_data": session.session_data, "expire_date": session.expire_date, "user_id": int(user)}
            copies.append(make(session_key=session.session_key, **fields))
    make.objects.bulk_create(copies, batch_size=BATCH)
    apps.get_model("sessions", "Session").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("marcus_events", "0022_redaction"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("sessions", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Session",
            fields=[
                (
                    "session_key",
                    models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="session key"),
                ),
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"db_table": "session"},
        ),
        migrations.CreateModel(
            name="SignInLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("made_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(db_index=True)),
                ("used_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sign_in_links",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"db_table": "sign_in_link"},
        ),
        migrations.CreateModel(
            name="KnownAddress",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.GenericIPAddressField()),
                ("seen_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="known_addresses",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "known_address",
                "constraints": [models.UniqueConstraint(fields=("user", "address"), name="known_address_once")],
            },
        ),
        migrations.RunPython(copy_sessions, migrations.RunPython.noop),
        migrations.RunSQL(TRIGGER, WITHOUT_TRIGGER),
    ]
