"""Tables derived from the log, and the projector that keeps them up with it."""

from marcus_events.log.read import removed_boards as removed
from marcus_events.projections.projector import Projection, Projector, catch_up, lag, rebuild
from marcus_events.projections.rates import RATES
from marcus_events.projections.search import SEARCH
from marcus_events.projections.state import STATE

PROJECTIONS: tuple[Projection, ...] = (STATE, RATES, SEARCH)


def projectors() -> list[Projector]:
    """One for the search alone, to run beside the other: whoever searches must not wait for what pages show to be
    worked out.
    """
    return [Projector([STATE, RATES]), Projector([SEARCH])]


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
    "removed",
]
