"""Tasks and agents that a filter names: it also finds those that are called so."""

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
    return replace(wanted, terms=tuple(with_ids(term, scope) for term in wanted.terms))


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
