"""Roles, and who may see which boards. Whoever is a user by now sees every board, as before."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

# Django makes permissions when all migrations are done, which is too late for the groups that have them.
NEW = {
    "see_every_board": "Can see every board, also those to come",
    "administer": "Can administer: people, tokens, policies, and the audit trail",
}
ROLES = {
    "viewer": (),
    "manager": ("handle_blocker",),
    "administrator": ("handle_blocker", "see_every_board", "administer"),
}


def make_roles(apps, schema_editor):
    made = permissions(apps)
    for name, allowed in ROLES.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=name)
        group.permissions.add(*(made[codename] for codename in allowed))
    for user in apps.get_model("auth", "User").objects.all():
        user.user_permissions.add(made["see_every_board"])


def permissions(apps):
    of_blockers = permission(apps, "blocker", "handle_blocker", "Can answer, take on, assign and put off")
    of_boards = {name: permission(apps, "boardaccess", name, words) for name, words in NEW.items()}
    return {"handle_blocker": of_blockers} | of_boards


def permission(apps, model, codename, words):
    of, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(app_label="marcus_events", model=model)
    rows = apps.get_model("auth", "Permission").objects
    return rows.get_or_create(content_type=of, codename=codename, defaults={"name": words})[0]


class Migration(migrations.Migration):
    dependencies = [
        ("marcus_events", "0016_admin"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BoardAccess",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("board_id", models.TextField()),
                (
                    "group",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="board_access",
                        to="auth.group",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="board_access",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"db_table": "board_access", "permissions": list(NEW.items())},
        ),
        migrations.AddConstraint(
            "boardaccess", models.UniqueConstraint(fields=("user", "board_id"), name="board_access_of_user")
        ),
        migrations.AddConstraint(
            "boardaccess", models.UniqueConstraint(fields=("group", "board_id"), name="board_access_of_group")
        ),
        migrations.AddConstraint(
            "boardaccess",
            models.CheckConstraint(condition=Q(user=None) ^ Q(group=None), name="board_access_is_of_one"),
        ),
        migrations.AddConstraint(
            "boardaccess", models.CheckConstraint(condition=~Q(board_id=""), name="board_access_is_to_a_board")
        ),
        migrations.RunPython(make_roles, migrations.RunPython.noop),
    ]
