"""Invented projects: agents that take tasks, work, get stuck and go on, as a stream of events.

`plan` says what there is to do and `texts` what people read of it; `working`, `blocked` and `managing` what an agent
and Marcus do one after the other; `turns` whose turn it is. All of this is pure: the same seed gives the same events.
Only `player` knows of time and of the log.
"""

from marcus_events.sources.simulation.player import Player, SimulationLimit, SimulationRejected
from marcus_events.sources.simulation.simulation import Simulation

__all__ = ["Player", "Simulation", "SimulationLimit", "SimulationRejected"]
