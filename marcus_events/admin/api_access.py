"""Tokens, to look at and to revoke, and refused requests, to look at.

Tokens are made on the page Integrations (and by `create_token`), and not here: there the secret stands in one answer
that nothing keeps, while a message of the admin's would lie in a cookie or in the session until it is shown.
"""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from marcus_events import audit
from marcus_events.access import tokens
from marcus_events.admin import display
from marcus_events.admin.base import ReadOnly
from marcus_events.models import RefusedRequest, Token


@admin.register(Token)
class TokenAdmin(ReadOnly):
    section, rank, about = (
        "Programs",
        0,
        "API tokens of programs. Create them under Integrations; revoke them here or there.",
    )
    list_display = ("name", "prefix", "state", "may", "used")
    search_fields = ("name", "prefix")
    fields = ("name", "prefix", "state", "may", "boards", "sources", "made", "used")
    readonly_fields = fields
    ordering = ("-created_at",)
    sortable_by = ()
    actions = ("revoke",)

    @admin.display(description="permissions")
    def may(self, token: Token) -> str:
        return ", ".join(token.scopes)

    @admin.display(description="created")
    def made(self, token: Token) -> SafeString | str:
        return display.moment(token.created_at)

    @admin.display(description="last used")
    def used(self, token: Token) -> SafeString | str:
        return display.moment(token.last_used_at)

    @admin.action(description="Revoke permanently: programs using them lose access immediately", permissions=["revoke"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[Token]) -> None:
        revoked = [name for name in chosen.values_list("name", flat=True) if tokens.revoke(name)]
        for name in revoked:
            audit.record("token_revoked", request.user.get_username(), audit.address_of(request), token=name)
        self.message_user(request, f"{len(revoked)} revoked.")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)


@admin.register(RefusedRequest)
class RefusedRequestAdmin(ReadOnly):
    section, about = "Programs", "Recent rejected API requests. Similar requests are grouped."
    list_display = ("last", "status", "reason_shown", "address", "prefix", "method", "path_shown", "times")
    list_filter = ("status",)
    search_fields = ("reason", "address", "prefix")
    ordering = ("-last_at",)
    sortable_by = ()
    fields = readonly_fields = (*list_display, "first")

    @admin.display(description="last seen")
    def last(self, refused: RefusedRequest) -> SafeString | str:
        return display.moment(refused.last_at)

    @admin.display(description="first seen")
    def first(self, refused: RefusedRequest) -> SafeString | str:
        return display.moment(refused.first_at)

    @admin.display(description="reason")
    def reason_shown(self, refused: RefusedRequest) -> SafeString | str:
        return display.text(refused.reason)

    @admin.display(description="path")
    def path_shown(self, refused: RefusedRequest) -> SafeString | str:
        return display.code(refused.path)

    @admin.display(description="times")
    def times(self, refused: RefusedRequest) -> SafeString:
        return display.number(refused.count)
