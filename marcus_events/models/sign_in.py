"""Sessions, one-time sign-in links, and the addresses from which users have signed in.

A trigger ends a user's sessions and unused links when the password or `is_active` changes, by whatever means: a
page, Django's admin, a command, or plain SQL. See migration 0023.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models


class Session(AbstractBaseSession):
    """A session with its user in a column, so that all sessions of a user can be deleted."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="sessions")

    class Meta:
        db_table = "session"

    def __str__(self) -> str:
        """Leave out the key, which is as secret as a password."""
        return f"session of {self.user_id}"


class SignInLink(models.Model):
    """A link that signs its user in once. Only its secret's SHA-256 is stored, so a stolen table gives no access."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="sign_in_links")
    digest = models.BinaryField(max_length=32, unique=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "sign_in_link"

    def __str__(self) -> str:
        return f"link for {self.user_id}"


class KnownAddress(models.Model):
    """An address from which a user has signed in. Failed sign-ins from elsewhere do not lock the user out there."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="known_addresses")
    address = models.GenericIPAddressField()  # of IPv6 the network
    seen_at = models.DateTimeField()

    class Meta:
        db_table = "known_address"
        verbose_name_plural = "known addresses"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["user", "address"], name="known_address_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.address}"
