"""Saved searches among what Django's admin shows: to look at, and to delete."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from dashboard.models import SavedSearch
from marcus_events.admin.base import ReadOnly


@admin.register(SavedSearch)
class SavedSearchAdmin(ReadOnly):
    section, about = "People", "Named searches in History."
    list_display = ("name", "owner", "shared", "query")
    list_filter = ("shared",)
    list_select_related = ("owner",)
    search_fields = ("name", "owner__username")
    ordering = ("name",)
    sortable_by = ()
    fields = readonly_fields = list_display

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request)

    def page_of(self, shown: Any) -> str:
        return f"{reverse('history')}?{shown.query}"
