"""What the palette offers for a text: names, people, saved searches, pages, actions, and the search of events."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from django.contrib.auth.models import AnonymousUser, User
from django.urls import reverse
from django.utils.http import urlencode

from dashboard.pages.find import destinations
from dashboard.pages.history import saved_searches
from dashboard.queries.found_names import FoundName, find_names, is_query
from dashboard.queries.name_match import rank
from dashboard.visibility import Scope
from marcus_events.access.visibility import ADMINISTER

MAX_RESULTS = 24
MAX_OF_A_KIND = 8


def results(text: str, user: User | AnonymousUser, scope: Scope) -> list[FoundName]:
    """Return the best matches, and the search of events: first if the text is a query, such as agent:claude_2."""
    found = [
        *find_names(text, scope),
        *pages_and_actions(text, user),
        *searches(text, user, scope),
        *people(text, user),
    ]
    counts: Counter[str] = Counter()
    best = []
    for item in sorted(found, key=lambda item: item.order):
        counts[item.kind] += 1
        if counts[item.kind] <= MAX_OF_A_KIND:
            best.append(item)
    events = searches_of_events(text)
    return [*events, *best[:MAX_RESULTS]] if is_query(text) else [*best[:MAX_RESULTS], *events]


def pages_and_actions(text: str, user: User | AnonymousUser) -> list[FoundName]:
    ranked = [
        (item, destinations.best_rank(text, item.name, others)) for item, others in destinations.destinations(user)
    ]
    return [replace(item, rank=best) for item, best in ranked if best is not None]


def searches(text: str, user: User | AnonymousUser, scope: Scope) -> list[FoundName]:
    found = saved_searches.of(user, scope.visibility).filter(name__icontains=text)[:MAX_OF_A_KIND]
    return [
        FoundName("search", row.name, f"{reverse('history')}?{row.query}", rank=rank(text, row.name) or 0)
        for row in found
    ]


def people(text: str, user: User | AnonymousUser) -> list[FoundName]:
    if not user.has_perm(ADMINISTER):
        return []
    found = User.objects.filter(username__icontains=text).order_by("-is_active", "username")[:MAX_OF_A_KIND]
    return [
        FoundName("person", row.username, reverse("person", args=[row.pk]), rank=rank(text, row.username) or 0)
        for row in found
    ]


def searches_of_events(text: str) -> list[FoundName]:
    return [
        FoundName("events", f"Search activity for “{text}”", f"{reverse('activity')}?{urlencode({'q': text})}"),
        FoundName("events", f"Search history for “{text}”", f"{reverse('history')}?{urlencode({'q': text})}"),
    ]
