"""Projections, which are tables derived from the log, and the projector that updates them."""

from marcus_events.projections.projector import Projection, Projector, catch_up, lag, rebuild
from marcus_events.projections.rates import RATES
from marcus_events.projections.search_index import SEARCH
from marcus_events.projections.state_tables import STATE

PROJECTIONS: tuple[Projection, ...] = (STATE, RATES, SEARCH)

# Python's turns between threads, while projectors run: with its 5 ms, whoever has an answer from the database waits for
# that long for one that computes.
SWITCH_INTERVAL_S = 0.001


__all__ = [
    "PROJECTIONS",
    "RATES",
    "SEARCH",
    "STATE",
    "SWITCH_INTERVAL_S",
    "Projection",
    "Projector",
    "catch_up",
    "lag",
    "rebuild",
]
