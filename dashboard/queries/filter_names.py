"""Resolves names of tasks and agents in filters to ids."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q

from dashboard.visibility import Scope
from marcus_events import models
from marcus_events.core.filters import EventFilter, Term


def with_named(wanted: EventFilter, scope: Scope) -> EventFilter:
    return replace(wanted, terms=tuple(add_ids(term, scope) for term in wanted.terms))


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
