"""What Django's admin shows of ours: tokens, to look at and to revoke, and refused requests, to look at.

Tokens are made on the page Integrations (and by `create_token`), and not here: there the secret stands in one answer
that nothing keeps, while a message of the admin's would lie in a cookie or in the session until it is shown.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from marcus_events import audit
from marcus_events.core.vocabulary import EventTypes
from marcus_events.doors import tokens
from marcus_events.models import RefusedRequest, Token


class ReadOnly:
    """Nothing is added, changed or removed by hand."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False


@admin.register(Token)
class TokenAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg] # Django cannot say of what, at runtime
    """For administrators alone, as on the page."""

    list_display = ("name", "prefix", "state", "may", "last_used_at")
    search_fields = ("name", "prefix")
    exclude = ("digest",)
    ordering = ("-created_at",)
    actions = ("revoke",)

    @admin.display(description="may")
    def may(self, token: Token) -> str:
        return ", ".join(token.scopes)

    @admin.action(description="Revoke: programs that show them are refused at once, for good", permissions=["revoke"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[Token]) -> None:
        revoked = [name for name in chosen.values_list("name", flat=True) if tokens.revoke(name)]
        for name in revoked:
            by, address = request.user.get_username(), audit.address_of(request)
            audit.record(EventTypes.TOKEN_REVOKED, by, address, token=name)
        self.message_user(request, f"{len(revoked)} revoked.")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Token | None = None) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)


@admin.register(RefusedRequest)
class RefusedRequestAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("last_at", "status", "reason", "address", "prefix", "method", "path", "count")
    list_filter = ("status",)
    search_fields = ("reason", "address", "prefix")
    ordering = ("-last_at",)
    show_full_result_count = False
