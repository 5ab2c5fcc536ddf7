"""What every page of the admin has in common: who may, and what it is called."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import Media
from django.http import HttpRequest, HttpResponse

from marcus_events.access.visibility import is_administrator
from marcus_events.core.sentences import short

MAX_TITLE = 120  # characters of a name at the head of a page


class Administered(admin.ModelAdmin):  # type: ignore[type-arg] # Django cannot say of what, at runtime
    """Administrators may everything that is not forbidden below; nobody else sees that it is there."""

    section, rank = "Other", 1  # where it stands on the admin's front page; those of a lower rank come first
    about = ""
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # a count for each choice

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_administrator(request.user)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request)

    @property
    def media(self) -> Media:
        """Django's own brings jQuery for forms that there are none of here."""
        return Media(js=["admin/js/actions.js"])

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        named = {"title": sentence_case(str(self.opts.verbose_name_plural)), "about": self.about}
        return super().changelist_view(request, named | (extra_context or {}))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        shown = context.get("original")
        title = f"Add {self.opts.verbose_name}" if shown is None else self.title_of(shown)
        context |= {"title": title, "subtitle": None, "page_of_it": shown and self.page_of(shown)}
        return super().render_change_form(request, context, *args, **options)

    def title_of(self, shown: Any) -> str:
        return short(str(shown))[:MAX_TITLE]

    def page_of(self, shown: Any) -> str:
        """The address of what is shown among the pages of the dashboard; "" where it has none."""
        return ""


class ReadOnly(Administered):
    """Nothing is added, changed or removed by hand."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def sentence_case(words: str) -> str:
    return words[:1].upper() + words[1:]
