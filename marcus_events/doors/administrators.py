"""Who may look after everything: superusers, and whoever was given the permission `administer`."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin
from django.http import HttpRequest

from marcus_events.doors.access import Caller

ADMINISTER = "marcus_events.administer"


def administers(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Never who is inactive. Being "staff", as Django has it, gives nothing here."""
    return isinstance(user, PermissionsMixin) and user.has_perm(ADMINISTER)


def address_of(request: HttpRequest) -> str:
    """Where a request comes from; of a proxy, only what it may say of its client."""
    return Caller.of(request.META.get("REMOTE_ADDR", ""), request.headers.get("X-Forwarded-For", ""), "").address
