"""API tokens and rejected requests."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from marcus_events.core.event import utc_now
from marcus_events.core.patterns import any_like

IN_USE = timedelta(days=7)  # after its last use


class Token(models.Model):
    """A program's token. Only the SHA-256 of the secret is stored, so a stolen table gives no access."""

    name = models.TextField(unique=True)
    prefix = models.TextField()  # the first characters, to recognise it by
    digest = models.BinaryField(max_length=32, unique=True)
    scopes = models.JSONField()  # of "publish", "read"
    boards = models.JSONField(default=list)  # ids; none means every board
    sources = models.JSONField(default=list)  # patterns of those it may speak for; none means any
    created_at = models.DateTimeField(auto_now_add=True)
    # None: made by a command, or before this was recorded
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="tokens")
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)  # to the minute
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "token"

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        """Describes whether the token is valid, and until when."""
        if self.revoked_at:
            return f"revoked {self.revoked_at:%Y-%m-%d %H:%M}"
        if self.expires_at:
            return f"{'expired' if self.expires_at <= utc_now() else 'expires'} {self.expires_at:%Y-%m-%d %H:%M}"
        return "never expires"

    @property
    def is_in_use(self) -> bool:
        """Whether a program used it lately."""
        return self.last_used_at is not None and utc_now() - self.last_used_at < IN_USE

    def speaks_for(self, source: str) -> bool:
        return not self.sources or any_like(self.sources, source)


class RefusedRequest(models.Model):
    """Rejected requests, equal ones counted together. Written by `marcus_events.http.rejected_requests`."""

    status = models.SmallIntegerField()
    reason = models.TextField()
    address = models.TextField()
    prefix = models.TextField()  # of the token that was shown; "" for none
    method = models.TextField()
    path = models.TextField()
    count = models.BigIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        db_table = "refused_request"
        verbose_name = "rejected request"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["status", "reason", "address", "prefix", "method", "path"], name="refused_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.method} {self.path}"
