"""`manage.py simulate [--agents N] [--rate R] [--seed S]`: publishes events of simulated projects."""

from __future__ import annotations

import argparse
import asyncio
import math
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from marcus_events.core.event import utc_now
from marcus_events.core.filters import parse_duration
from marcus_events.core.lifecycle import stop_services
from marcus_events.log import identities
from marcus_events.management.prepare_database import prepare_database
from marcus_events.sources.simulation import Player, Simulation, SimulationLimit, SimulationRejected

SEEDS = 10_000  # range of a random seed: short enough to be typed again
REFRESH_S = 0.2  # of the progress line on a terminal
REPORT_S = 5.0  # between progress lines elsewhere


class Command(BaseCommand):
    help = (
        "Simulates projects and publishes their events until Ctrl-C. Agents take tasks, report progress, get blocked "
        "and resume; some wait for a person's reply. When all tasks are done, the next project starts. The events "
        "go into the dashboard's log. Use a separate MARCUS_DATA_DIR or DATABASE_URL to keep them apart."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("--agents", type=whole, default=6, metavar="N", help="number of agents (default: 6)")
        add(
            "--rate",
            type=rate,
            default=5.0,
            metavar="R",
            help="events per second; 0 for as fast as possible (default: 5)",
        )
        add(
            "--seed",
            type=int,
            metavar="S",
            help="random seed; the same seed simulates the same events (default: random, printed at start)",
        )
        add("--tasks", type=whole, default=60, metavar="N", help="tasks per project (default: 60)")
        add("--board", default="", metavar="NAME", help="name of the board (default: generated)")
        add("--events", type=whole, metavar="N", help="stop after this many events")
        add("--for", type=rate, dest="seconds", metavar="SECONDS", help="stop after this many seconds")
        add(
            "--over",
            type=span,
            metavar="SPAN",
            help="with --events: spread the events over the past, such as 12h or 30d",
        )

    def handle(self, **options: Any) -> None:
        if options["over"] and not options["events"]:
            raise CommandError("--over needs --events.")
        prepare_database()
        seed = secrets.randbelow(SEEDS) if options["seed"] is None else options["seed"]
        simulation = Simulation(
            seed,
            run=unused_run(seed),
            clock=spread(options["events"], options["over"]) if options["over"] else utc_now,
            **{name: options[name] for name in ("agents", "tasks", "board")},
        )
        self.stdout.write(f"Seed {seed}. First board: “{simulation.board_name}”. Press Ctrl-C to stop.")
        try:
            published = asyncio.run(self.play(simulation, options))
        except SimulationRejected as error:
            raise CommandError(str(error)) from error
        finally:
            stop_services()
        self.stdout.write(f"{published:,} events published. Last board: “{simulation.board_name}”")

    async def play(self, simulation: Simulation, options: dict[str, Any]) -> int:
        progress = ProgressLine()
        player = Player(simulation, options["rate"], progress=progress.show, report_message=progress.say)
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, player.stop)
        await player.play(SimulationLimit(options["events"], options["seconds"]))
        progress.clear()
        return player.published


class ProgressLine:
    """Shows progress on standard error: a line that is overwritten on a terminal, occasional lines elsewhere."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._begun = self._shown_at = time.monotonic()

    def show(self, published: int) -> None:
        now = time.monotonic()
        if now - self._shown_at < (REFRESH_S if self._is_terminal else REPORT_S):
            return
        self._shown_at = now
        text = f"{published:,} events, {published / (now - self._begun):,.1f} per second"
        self.clear()
        print(text, file=sys.stderr, end="" if self._is_terminal else "\n", flush=True)

    def say(self, text: str) -> None:
        self.clear()
        print(text, file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self._is_terminal:
            print("\r\033[K", file=sys.stderr, end="", flush=True)


def unused_run(seed: int) -> str:
    """Return an id prefix that the log does not hold yet: the seed's own, or one with a run number."""
    names = (f"sim-{seed}" if number == 1 else f"sim-{seed}-run{number}" for number in count(1))
    return next(name for name in names if identities.by_event_id(f"{name}-1") is None)


def spread(events: int, over: timedelta) -> Callable[[], datetime]:
    """Return a clock that advances from `over` ago to now in as many steps as there are events."""
    begin, number = utc_now() - over, count()
    return lambda: begin + over * (min(next(number), events) / events)


def whole(text: str) -> int:
    return (
        int(number) if (number := float(text)) >= 1 and number.is_integer() else refuse("a whole number of at least 1")
    )


def rate(text: str) -> float:
    return number if 0 <= (number := float(text)) < math.inf else refuse("a number of at least 0")


def span(text: str) -> timedelta:
    return parse_duration(text) or refuse("a duration such as 12h or 30d")


def refuse(wanted: str) -> Any:
    raise argparse.ArgumentTypeError(f"must be {wanted}")
