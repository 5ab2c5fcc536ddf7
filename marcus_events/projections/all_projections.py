"""All projections, in the order in which commands and metrics name them."""

from marcus_events.projections.projection import Projection
from marcus_events.projections.rates import RATES
from marcus_events.projections.search_index import SEARCH
from marcus_events.projections.state_tables import STATE

PROJECTIONS: tuple[Projection, ...] = (STATE, RATES, SEARCH)
