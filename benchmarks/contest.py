"""A contest measures several contestants: each once in every round, one after another, so that whatever disturbs the
machine disturbs all of them. The medians of one run are compared as ratios.
"""

from __future__ import annotations

import gc
import signal
import statistics
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from functools import partial
from types import FrameType
from typing import Any, Self, TypeVar

Figures = dict[str, float]  # by unit: events per second, or milliseconds at a percentile
RATE, P50, P99 = "events/s", "p50 ms", "p99 ms"
Started = TypeVar("Started")


signals: list[int] = []  # those to stop that have come


class NotMeasured(Exception):
    """The reason why a contestant cannot take part."""


def end_on_signals() -> None:
    """End the run in order on Ctrl-C and SIGTERM: everything that it has started ends with it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)


def stop(number: int, frame: FrameType | None) -> None:
    signals.append(number)
    sys.exit("stopped")


def end_if_stopped() -> None:
    """End the run if a signal has come whose exception was lost: in a destructor, or to an error of cleaning up."""
    if signals:
        sys.exit("stopped")


@dataclass(frozen=True)
class Contestant:
    """`run` measures one round. `does` says in one line what it does, so that readers know what is compared.

    `beside` names another contestant to compare it with than the contest's baseline.
    """

    name: str
    does: str
    run: Callable[[], Figures]
    beside: str = ""

    @classmethod
    def of(cls, name: str, function: Callable[..., Figures], *args: Any) -> Self:
        """Return the contestant that this function measures; its docstring says what it does."""
        return cls(name, function.__doc__ or "", partial(function, *args))


@dataclass(frozen=True)
class Contest:
    """`baseline` names the contestant that the ratios refer to."""

    subject: str
    baseline: str
    contestants: Sequence[Contestant]


@dataclass(frozen=True)
class Scale:
    """How much is measured: rounds, seconds per contestant and round, and the sizes of single steps."""

    rounds: int
    seconds: float
    is_quick: bool = False
    log_lines: int = 20_000

    def of(self, full: int, quick: int) -> int:
        return quick if self.is_quick else full


@dataclass
class Row:
    """The figures of one contestant: one of each round, by unit. `why_not` says why there are none."""

    subject: str
    baseline: str
    name: str
    does: str
    figures: dict[str, list[float]] = field(default_factory=dict)
    why_not: str = ""

    @property
    def medians(self) -> Figures:
        return {unit: statistics.median(values) for unit, values in self.figures.items()}


def compete(contest: Contest, rounds: int) -> list[Row]:
    """Measure all rounds. A contestant that fails leaves the contest with its reason; the others go on."""
    rows = {
        each.name: Row(contest.subject, each.beside or contest.baseline, each.name, each.does)
        for each in contest.contestants
    }
    for _ in range(rounds):
        for contestant in contest.contestants:
            end_if_stopped()
            row = rows[contestant.name]
            if row.why_not:
                continue
            gc.collect()
            try:
                for unit, value in contestant.run().items():
                    row.figures.setdefault(unit, []).append(value)
            except Exception as error:
                row.why_not, row.figures = reason(error), {}
    end_if_stopped()
    return list(rows.values())


def reason(error: Exception) -> str:
    known = isinstance(error, NotMeasured | ImportError)
    return " ".join(str(error).split()) if known else f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def start(stack: ExitStack, make: Callable[[], AbstractContextManager[Started]]) -> Started | NotMeasured:
    """Start what a contestant needs until the stack ends. If it does not start, return why."""
    try:
        return stack.enter_context(make())
    except Exception as error:
        end_if_stopped()
        return NotMeasured(reason(error))


def contestant(
    name: str,
    does: str | None,
    server: Started | NotMeasured,
    measure: Callable[[Started], Figures],
    beside: str = "",
) -> Contestant:
    """A contestant that measures a server which may not have started. `does` is usually a docstring."""

    def run() -> Figures:
        if isinstance(server, NotMeasured):
            raise server
        return measure(server)

    return Contestant(name, " ".join((does or "").split()).rstrip("."), run, beside)


def percentiles(seconds: Sequence[float]) -> Figures:
    """Return the median and the 99th percentile in milliseconds."""
    if len(seconds) < 2:
        return {P50: seconds[0] * 1000, P99: seconds[0] * 1000}
    p99 = statistics.quantiles(seconds, n=100, method="inclusive")[98]
    return {P50: statistics.median(seconds) * 1000, P99: p99 * 1000}
