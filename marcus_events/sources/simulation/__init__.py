"""Simulated projects: agents that request tasks, work, report blockers and finish, as a stream of events.

`plan` has the tasks and `texts` their wording. `working_agent`, `stuck_agent` and `project_manager` are the behaviour
of agents and of Marcus, and `schedule` decides who acts next. All of this is pure: the same seed gives the same events.
Only `player` knows the time and the log.
"""

from marcus_events.sources.simulation.player import Player, SimulationLimit, SimulationRejected
from marcus_events.sources.simulation.simulation import Simulation

__all__ = ["Player", "Simulation", "SimulationLimit", "SimulationRejected"]
