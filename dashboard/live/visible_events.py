"""Which events a look shows: those of its filter that the viewer may see. A task or an agent may be called by name."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q

from dashboard.live.page_state import PageState
from dashboard.visibility import Scope
from marcus_events import models
from marcus_events.core.filters import EventFilter, Term


def wanted(page_state: PageState) -> EventFilter:
    """Raises InvalidFilter where the query cannot be read."""
    found = page_state.filter
    named = replace(found, terms=tuple(with_ids(term, page_state.scope.everywhere()) for term in found.terms))
    return page_state.visibility.narrow(named)


def with_ids(term: Term, scope: Scope) -> Term:
    """The term with the ids that go by the names in it, which pages show in their place."""
    match term.field:
        case "task":
            return replace(term, values=term.values + ids(models.Task, "task_id", term, scope))
        case "agent":
            return replace(term, values=term.values + ids(models.Agent, "agent_id", term, scope))
    return term


def ids(model: Any, column: str, term: Term, scope: Scope) -> tuple[str, ...]:
    """Name by name: a hash index, which takes names of any length, is not asked for several at once."""
    called = reduce(or_, (Q(name=name) for name in term.values))
    return tuple(model.objects.now().filter(called, **scope.on()).values_list(column, flat=True).distinct())
