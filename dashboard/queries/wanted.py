"""Which events a look shows: its filter, in which a task or an agent may also be called by its name."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q

from dashboard.look import Look
from marcus_events import models
from marcus_events.core.filters import EventFilter, Term


def wanted(look: Look) -> EventFilter:
    """Raises InvalidFilter where the query cannot be read."""
    found = look.filter
    return replace(found, terms=tuple(with_ids(term) for term in found.terms))


def with_ids(term: Term) -> Term:
    """The term with the ids that go by the names in it, which pages show in their place."""
    match term.field:
        case "task":
            return replace(term, values=term.values + ids(models.Task, "task_id", term))
        case "agent":
            return replace(term, values=term.values + ids(models.Agent, "agent_id", term))
    return term


def ids(model: Any, column: str, term: Term) -> tuple[str, ...]:
    """Name by name: a hash index, which takes names of any length, is not asked for several at once."""
    called = reduce(or_, (Q(name=name) for name in term.values))
    return tuple(model.objects.now().filter(called).values_list(column, flat=True).distinct())
