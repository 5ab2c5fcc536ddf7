"""People and groups: Django's own pages, but nobody rises by them above what they are.

1. Only a superuser makes superusers, gives single permissions, or changes anything about a superuser.
2. Groups say what a role may. Only superusers change that; administrators say who has which role.
3. Nobody is deleted: names stand in the log as who did what, and must not come back as somebody else. Who leaves is
   made inactive.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Count, Field, QuerySet
from django.forms import CheckboxSelectMultiple, ModelMultipleChoiceField
from django.http import HttpRequest
from django.utils.safestring import SafeString

from marcus_events.admin import display
from marcus_events.admin.base import Administered

SIGN_IN = (None, {"fields": ("username", "password")})
NAMES = ("Profile", {"fields": ("first_name", "last_name", "email")})
ROLES = ("Permissions", {"fields": ("is_active", "groups")})
EVERYTHING = ("Permissions", {"fields": ("is_active", "groups", "is_superuser", "user_permissions")})
OF_TABLES = "^(add|change|delete|view)_"
TIMES = ("Times", {"fields": ("last_sign_in", "joined")})

admin.site.unregister([User, Group])


class Choosing:
    """What is chosen of many is a list of boxes to tick: it needs no script, and can be read out.

    Of permissions, those that decide something here. Django makes four for each table, which open nothing.
    """

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: HttpRequest, **options: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **options)  # type: ignore[misc]
        if isinstance(field, ModelMultipleChoiceField):
            field.widget = CheckboxSelectMultiple()
            field.widget.choices = field.choices
            field.help_text = ""
        if field and db_field.remote_field and db_field.remote_field.model is Permission:
            field.queryset = Permission.objects.exclude(codename__regex=OF_TABLES).order_by("name")
            field.label_from_instance = str_of_name
        return field


def str_of_name(permission: Permission) -> str:
    return permission.name


@admin.register(User)
class UserAdmin(Choosing, Administered, DjangoUserAdmin):  # type: ignore[type-arg]
    section, rank, about = "People", 0, "Who can sign in, their role and their last sign-in."
    list_display = ("username", "full_name", "roles", "state", "last_sign_in")
    list_filter = ("is_active", "is_superuser", "groups")
    readonly_fields = ("last_sign_in", "joined")
    filter_horizontal = ()
    sortable_by = ("username",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Promise 1: a field that is not here is in no form, whatever is sent."""
        if obj is None:
            return self.add_fieldsets
        return (SIGN_IN, NAMES, EVERYTHING if is_superuser(request) else ROLES, TIMES)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        above = obj is not None and obj.is_superuser and not is_superuser(request)
        return super().has_change_permission(request, obj) and not above

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    @admin.display(description="name")
    def full_name(self, user: User) -> SafeString | str:
        return display.text(user.get_full_name())

    @admin.display(description="roles")
    def roles(self, user: User) -> str:
        names = ["superuser"] if user.is_superuser else []
        return ", ".join([*names, *(group.name for group in user.groups.all())]) or display.NOTHING

    @admin.display(description="state")
    def state(self, user: User) -> str:
        return "active" if user.is_active else "inactive"

    @admin.display(description="last sign-in", ordering="last_login")
    def last_sign_in(self, user: User) -> SafeString | str:
        return display.moment(user.last_login)

    @admin.display(description="added")
    def joined(self, user: User) -> SafeString | str:
        return display.moment(user.date_joined)


@admin.register(Group)
class GroupAdmin(Choosing, Administered, DjangoGroupAdmin):
    section, about = "People", "Roles and their permissions. Only superusers can change them."
    list_display = ("name", "members", "may")
    filter_horizontal = ()
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        groups = super().get_queryset(request).annotate(number_of_members=Count("user"))
        found: QuerySet[Group] = groups.prefetch_related("permissions")
        return found

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return is_superuser(request)

    @admin.display(description="members")
    def members(self, group: Any) -> SafeString:
        return display.number(group.number_of_members)

    @admin.display(description="permissions")
    def may(self, group: Group) -> SafeString | str:
        return display.text(", ".join(permission.name for permission in group.permissions.all()))


def is_superuser(request: HttpRequest) -> bool:
    return bool(request.user.is_active and getattr(request.user, "is_superuser", False))
