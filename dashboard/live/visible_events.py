"""The events that a page state shows: those that match its filter and are visible. Names of tasks and agents work
like ids.
"""

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


def visible_filter(page_state: PageState) -> EventFilter:
    """Return the filter of a page state. Raises InvalidFilter."""
    found = page_state.filter
    named = replace(found, terms=tuple(add_ids(term, page_state.scope.everywhere()) for term in found.terms))
    return page_state.visibility.narrow(named)


def add_ids(term: Term, scope: Scope) -> Term:
    """Extend a task or agent term with the ids that have its values as names."""
    match term.field:
        case "task":
            return replace(term, values=term.values + ids_of_names(models.Task, "task_id", term, scope))
        case "agent":
            return replace(term, values=term.values + ids_of_names(models.Agent, "agent_id", term, scope))
    return term


def ids_of_names(model: Any, column: str, term: Term, scope: Scope) -> tuple[str, ...]:
    """Compare name by name: the hash index on names, which supports any length, does not support sets."""
    called = reduce(or_, (Q(name=name) for name in term.values))
    return tuple(model.objects.now().filter(called, **scope.on()).values_list(column, flat=True).distinct())
