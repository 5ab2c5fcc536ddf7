"""Projections, which are tables derived from the log, and the projector that updates them."""

from marcus_events.projections.all_projections import PROJECTIONS
from marcus_events.projections.projection import Projection
from marcus_events.projections.projector import Projector, catch_up, lag
from marcus_events.projections.rates import RATES
from marcus_events.projections.rebuilding import rebuild
from marcus_events.projections.search_index import SEARCH
from marcus_events.projections.state_tables import STATE

__all__ = [
    "PROJECTIONS",
    "RATES",
    "SEARCH",
    "STATE",
    "Projection",
    "Projector",
    "catch_up",
    "lag",
    "rebuild",
]
