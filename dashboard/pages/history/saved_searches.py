"""Saved searches: a person's own, and those shared by people who see no additional boards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Q, QuerySet

from dashboard.models import SavedSearch
from dashboard.queries.numbered_pages import Paging
from dashboard.visibility import Visibility
from marcus_events.access.roles import HANDLE_BLOCKER
from marcus_events.access.visibility import ADMINISTER
from marcus_events.core.filters import EventFilter, InvalidFilter
from marcus_events.models import Board

MOST = 200  # per person
Person = User | AnonymousUser
PAGE = 30  # per page of the list, which includes all shared ones


def of(user: Person, visibility: Visibility) -> QuerySet[SavedSearch]:
    """Return the person's own searches and visible shared ones. Results always depend on the reader's visibility."""
    shared = Q(shared=True)
    if visibility.boards is not None:
        shared &= Q(boards__contained_by=sorted(visibility.boards))  # null never matches
    return SavedSearch.objects.filter(Q(owner=user.pk) | shared).select_related("owner").order_by("name", "pk")


@dataclass(frozen=True)
class Saved:
    rows: list[SavedSearch]
    paging: Paging


def listed(user: Person, visibility: Visibility, page: str) -> Saved:
    paging = Paging.of(page, PAGE)
    found = list(of(user, visibility)[paging.skip : paging.skip + PAGE + 1])
    return Saved(found[:PAGE], paging.with_next(len(found) > PAGE))


def may_share(user: Person) -> bool:
    return user.has_perm(HANDLE_BLOCKER) or user.has_perm(ADMINISTER)


def may_change(user: Person, search: SavedSearch) -> bool:
    return search.owner_id == user.pk or (search.shared and user.has_perm(ADMINISTER))


def keep(user: Person, search: SavedSearch) -> str:
    """Keep a search under its name, or put it in the place of theirs of that name; why not, in words, or ""."""
    if search.shared and not may_share(user):
        return "Only managers and administrators can share a search."
    mine = SavedSearch.objects.filter(owner=user.pk)
    if mine.count() >= MOST and not mine.filter(name=search.name).exists():
        return f"You have reached the limit of {MOST} saved searches. Delete one first."
    kept: dict[str, Any] = {"query": search.query, "shared": search.shared, "boards": search.boards}
    SavedSearch.objects.update_or_create(owner_id=user.pk, name=search.name, defaults=kept)
    return ""


def rename(search: SavedSearch, name: str) -> str:
    """Give a search another name; why not, in words, or ""."""
    if SavedSearch.objects.filter(owner=search.owner_id, name=name).exclude(pk=search.pk).exists():
        return "Another saved search has this name."
    SavedSearch.objects.filter(pk=search.pk).update(name=name)
    return ""


def find(user: Person, visibility: Visibility, pk: int) -> SavedSearch | None:
    """One of those that they see."""
    return of(user, visibility).filter(pk=pk).first()


def audience(board: str, query: str, visibility: Visibility) -> list[str] | None:
    """Return the boards that a person has to see to be shown the search: all that its owner sees or that it names."""
    if visibility.boards is None:
        return None
    names = Board.objects.now().filter(board_id__in=visibility.boards).values_list("name", flat=True)
    named = {board, *boards_in(query)} - {"", *names}
    return sorted(visibility.boards | named)


def boards_in(query: str) -> set[str]:
    """Return the boards that a query names; none if it is invalid."""
    try:
        terms = EventFilter.parse(query).terms
    except InvalidFilter:
        return set()
    return {value for term in terms if term.field in ("board", "board_id") for value in term.values}
