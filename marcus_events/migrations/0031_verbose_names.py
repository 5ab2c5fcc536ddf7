"""Names of models, fields and permissions in plain English. Permissions that exist already are renamed."""

import django.core.validators
from django.db import migrations, models

PERMISSIONS = {  # codename: name before, name now
    "handle_blocker": (
        "Can answer, take on, assign and put off",
        "Can reply to, acknowledge, assign and snooze blockers",
    ),
    "see_every_board": (
        "Can see every board, also those to come",
        "Can see all boards, including future ones",
    ),
    "administer": (
        "Can administer: people, tokens, policies, and the audit trail",
        "Can administer people, tokens, policies and the audit trail",
    ),
}


def rename_permissions(apps, schema_editor):
    """Django creates missing permissions after migrating, but never renames one."""
    set_names(apps, 1)


def restore_permissions(apps, schema_editor):
    set_names(apps, 0)


def set_names(apps, which):
    ours = apps.get_model("auth", "Permission").objects.filter(content_type__app_label="marcus_events")
    for codename, names in PERMISSIONS.items():
        ours.filter(codename=codename).update(name=names[which])


class Migration(migrations.Migration):
    dependencies = [
        ("marcus_events", "0030_words_of_others"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="blocker",
            options={"permissions": [("handle_blocker", "Can reply to, acknowledge, assign and snooze blockers")]},
        ),
        migrations.AlterModelOptions(
            name="boardaccess",
            options={
                "permissions": [
                    ("see_every_board", "Can see all boards, including future ones"),
                    ("administer", "Can administer people, tokens, policies and the audit trail"),
                ],
                "verbose_name": "board access",
                "verbose_name_plural": "board access",
            },
        ),
        migrations.AlterModelOptions(
            name="dependency",
            options={"verbose_name_plural": "dependencies"},
        ),
        migrations.AlterModelOptions(
            name="identity",
            options={"verbose_name_plural": "identities"},
        ),
        migrations.AlterModelOptions(
            name="knownaddress",
            options={"verbose_name_plural": "known addresses"},
        ),
        migrations.AlterModelOptions(
            name="refusedrequest",
            options={"verbose_name": "rejected request"},
        ),
        migrations.AlterModelOptions(
            name="retentionpolicy",
            options={"verbose_name_plural": "retention policies"},
        ),
        migrations.AlterModelOptions(
            name="searchentry",
            options={"verbose_name_plural": "search entries"},
        ),
        migrations.AlterModelOptions(
            name="thinned",
            options={"verbose_name_plural": "thinned events"},
        ),
        migrations.AlterField(
            model_name="retentionpolicy",
            name="act",
            field=models.TextField(
                choices=[
                    ("remove", "remove events"),
                    ("thin", "keep only the first and last of each run of similar events"),
                ],
                default="remove",
                verbose_name="action",
            ),
        ),
        migrations.AlterField(
            model_name="retentionpolicy",
            name="keep_days",
            field=models.PositiveIntegerField(
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(36500),
                ],
                verbose_name="kept for (days)",
            ),
        ),
        migrations.AlterField(
            model_name="retentionrun",
            name="held_by",
            field=models.TextField(blank=True, verbose_name="held back by"),
        ),
        migrations.AlterField(
            model_name="retentionrun",
            name="oldest",
            field=models.BigIntegerField(default=0, verbose_name="log starts at"),
        ),
        migrations.AlterField(
            model_name="retentionrun",
            name="partitions",
            field=models.IntegerField(default=0, verbose_name="partitions dropped"),
        ),
        migrations.AlterField(
            model_name="retentionrun",
            name="passed_over",
            field=models.TextField(blank=True, verbose_name="too far behind"),
        ),
        migrations.AlterField(
            model_name="retentionrun",
            name="removed_by",
            field=models.JSONField(default=dict, verbose_name="removed by policy"),
        ),
        migrations.AlterField(
            model_name="verification",
            name="events",
            field=models.BigIntegerField(default=0, verbose_name="events checked"),
        ),
        migrations.AlterField(
            model_name="verification",
            name="head_hash",
            field=models.TextField(default="", verbose_name="chain head"),
        ),
        migrations.AlterField(
            model_name="verification",
            name="verified_to",
            field=models.BigIntegerField(default=0, verbose_name="verified up to"),
        ),
        migrations.RunPython(rename_permissions, restore_permissions),
    ]
