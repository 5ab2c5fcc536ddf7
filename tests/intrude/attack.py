"""Defines attacks and collects them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.intrude import attacks
from tests.intrude.target import Target


class Breach(AssertionError):
    """The attack succeeded; the message says what it gained."""


Run = Callable[[Target], int]  # returns the number of attempts; raises Breach


@dataclass(frozen=True)
class Attack:
    """`claim` is the property that must hold: "A token cannot publish audit events".

    `environment` are the attacked server's settings. `make test` leaves long attacks out.
    """

    area: str
    claim: str
    run: Run
    environment: tuple[tuple[str, str], ...]
    is_long: bool


_found: list[Attack] = []


def attack(claim: str, *, is_long: Any = False, **environment: Any) -> Callable[[Run], Run]:
    """Register an attack on a server that runs with these environment variables."""

    def register(run: Run) -> Run:
        area = run.__module__.rpartition(".")[2].replace("_", " ")
        _found.append(Attack(area, claim, run, tuple(sorted(environment.items())), is_long))
        return run

    return register


def all_attacks() -> list[Attack]:
    """Return all attacks, grouped by settings, so that each server is started once."""
    for module in pkgutil.iter_modules(attacks.__path__, f"{attacks.__name__}."):
        importlib.import_module(module.name)
    return sorted(_found, key=lambda found: (found.environment, found.area))


def check(has_held: object, gained: str) -> None:
    """Raise Breach unless the defence has held."""
    if not has_held:
        raise Breach(gained)
