"""Reads the values that filters offer."""

from __future__ import annotations

from heapq import nlargest
from itertools import groupby

from django.db.models import Max

from dashboard.queries import counters
from dashboard.visibility import Scope
from marcus_events import models
from marcus_events.core.event_types import CATEGORIES, category_of, meaning_of
from marcus_events.core.sentences import agent_words

MAX_AGENTS = 100
MAX_TYPES = 100

FilterChoice = tuple[str, str]


def categories() -> list[FilterChoice]:
    return [(category, counters.TITLES[category]) for category in CATEGORIES]


def types(scope: Scope, chosen: str = "") -> list[tuple[str, list[FilterChoice]]]:
    """Return the most frequent types on these boards, and the chosen one, by category."""
    numbers = counters.ever(scope)
    seen = {*nlargest(MAX_TYPES, numbers, key=numbers.__getitem__), chosen} - {""}
    ordered = sorted(seen, key=lambda name: (CATEGORIES.index(category_of(name)), meaning_of(name).title))
    return [
        (counters.TITLES[category], [(name, meaning_of(name).title) for name in names])
        for category, names in groupby(ordered, key=category_of)
    ]


def agents(scope: Scope, chosen: str = "") -> list[FilterChoice]:
    """Return the agents of a board, and the chosen one."""
    rows = models.Agent.objects.now().filter(**scope.on()).values("agent_id").annotate(called=Max("name"))
    found = rows.order_by("called", "agent_id").values_list("agent_id", "called")[:MAX_AGENTS]
    shown = [(agent_id, name or agent_words(agent_id)) for agent_id, name in found]
    return [*shown, (chosen, agent_words(chosen))] if chosen and chosen not in dict(shown) else shown
