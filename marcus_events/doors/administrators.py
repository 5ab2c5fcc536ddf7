"""Who may look after everything: superusers, and whoever was given the permission `administer`."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin

from marcus_events.doors.sight import ADMINISTER


def administers(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Never who is inactive. Being "staff", as Django has it, gives nothing here."""
    return isinstance(user, PermissionsMixin) and user.has_perm(ADMINISTER)
