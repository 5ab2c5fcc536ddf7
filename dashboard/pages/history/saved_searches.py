"""Saved searches: a person's own, and those shared by people who see no additional boards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from dashboard.live.page_state import PageState
from dashboard.models import SavedSearch
from dashboard.queries.numbered_pages import Paging
from dashboard.visibility import Visibility, visibility_of
from marcus_events.access.roles import HANDLE_BLOCKER
from marcus_events.access.visibility import ADMINISTER
from marcus_events.core.filters import EventFilter, InvalidFilter
from marcus_events.models import Board

MOST = 200  # per person
PAGE = 30  # per page of the list, which includes all shared ones


class SaveForm(forms.Form):
    name = forms.CharField(max_length=100, error_messages={"required": "Give it a name."})
    shared = forms.BooleanField(required=False)


def of(user: AbstractBaseUser | AnonymousUser, visibility: Visibility) -> QuerySet[SavedSearch]:
    """Return the person's own searches and visible shared ones. Results always depend on the reader's visibility."""
    shared = Q(shared=True)
    if visibility.boards is not None:
        shared &= Q(boards__contained_by=sorted(visibility.boards))  # null never matches
    return SavedSearch.objects.filter(Q(owner=user.pk) | shared).select_related("owner").order_by("name", "pk")


@dataclass(frozen=True)
class Saved:
    rows: list[SavedSearch]
    paging: Paging


def listed(user: AbstractBaseUser | AnonymousUser, page_state: PageState) -> Saved:
    paging = Paging.of(page_state.p, PAGE)
    found = list(of(user, page_state.visibility)[paging.skip : paging.skip + PAGE + 1])
    return Saved(found[:PAGE], paging.with_next(len(found) > PAGE))


def may_share(request: HttpRequest) -> bool:
    return request.user.has_perm(HANDLE_BLOCKER) or request.user.has_perm(ADMINISTER)


def may_change(request: HttpRequest, search: SavedSearch) -> bool:
    return search.owner_id == request.user.pk or (search.shared and request.user.has_perm(ADMINISTER))


def save(request: HttpRequest) -> str:
    """Save a search, replacing one's own of the same name. Return the error, or ""."""
    form = SaveForm(request.POST)
    if not form.is_valid():
        return str(next(iter(form.errors.values()))[0])
    if form.cleaned_data["shared"] and not may_share(request):
        return "Only who answers blockers or administers may save a search for everyone."
    mine = SavedSearch.objects.filter(owner=request.user.pk)
    if mine.count() >= MOST and not mine.filter(name=form.cleaned_data["name"]).exists():
        return f"You have {MOST} saved searches. Delete one first."
    kept: dict[str, Any] = {"query": query_of(request), "shared": form.cleaned_data["shared"]}
    kept["boards"] = audience(PageState.from_query("history", request.GET), visibility_of(request.user))
    SavedSearch.objects.update_or_create(owner_id=request.user.pk, name=form.cleaned_data["name"], defaults=kept)
    return ""


def query_of(request: HttpRequest) -> str:
    """Return the page state of the page that the form came from."""
    return PageState.from_query("history", request.GET).query(p="")


def audience(page_state: PageState, visibility: Visibility) -> list[str] | None:
    """Return the boards that a person has to see to be shown the search: all that its owner sees or that it names."""
    if visibility.boards is None:
        return None
    names = Board.objects.now().filter(board_id__in=visibility.boards).values_list("name", flat=True)
    named = {page_state.board, *boards_in(page_state.q)} - {"", *names}
    return sorted(visibility.boards | named)


def boards_in(query: str) -> set[str]:
    """Return the boards that a query names; none if it is invalid."""
    try:
        terms = EventFilter.parse(query).terms
    except InvalidFilter:
        return set()
    return {value for term in terms if term.field in ("board", "board_id") for value in term.values}
