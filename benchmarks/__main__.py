"""`make bench`: every contestant in every round, one after another; medians, ranges and ratios.

    python -m benchmarks [--quick]

The machine may do other things meanwhile, so single figures mean little: the ratios of one run do. A table is printed,
and everything measured is written to benchmarks/results/ as JSON.
"""

from __future__ import annotations

import gc
import json
import os
import platform
import statistics
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
ROUNDS, SECONDS = 7, 0.5  # about two minutes in all
QUICK_ROUNDS, QUICK_SECONDS = 1, 0.02


@dataclass
class Row:
    """One contestant's figures: events a second, one of each round. `why_not` where it could not take part."""

    subject: str
    name: str
    does: str
    figures: list[float] = field(default_factory=list)
    why_not: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.figures) if self.figures else 0.0


def main() -> None:
    parser = ArgumentParser(description="Measures the event library beside others, in one run.")
    parser.add_argument("--quick", action="store_true", help="only to see that everything runs")
    is_quick = parser.parse_args().quick
    rounds, seconds = (QUICK_ROUNDS, QUICK_SECONDS) if is_quick else (ROUNDS, SECONDS)
    groups = list(measured(rounds, seconds))
    for baseline, rows in groups:
        print(table(rows, baseline))
    path = write([row for _, rows in groups for row in rows], rounds, seconds, "quick" if is_quick else "full")
    print(f"Written to {path}")


def measured(rounds: int, seconds: float) -> Iterator[tuple[str, list[Row]]]:
    from benchmarks import publishing

    for handlers in publishing.HANDLERS:
        subject = f"publish to {handlers} handler{'' if handlers == 1 else 's'}"
        contestants = {
            name: (make.__doc__ or "", lambda name=name, n=handlers: publishing.measure(name, n, seconds))
            for name, make in publishing.CONTESTANTS.items()
        }
        yield "Marcus's algorithm", compete(subject, contestants, rounds)
    with database():
        from benchmarks import storing

        stores = {
            name: (run.__doc__ or "", lambda name=name: storing.measure(name, max(seconds, 0.2)))
            for name, run in storing.CONTESTANTS.items()
        }
        yield "COPY", compete("store in PostgreSQL", stores, rounds)


def compete(subject: str, contestants: Mapping[str, tuple[str, Callable[[], float]]], rounds: int) -> list[Row]:
    """Each in every round, so that what disturbs the machine disturbs all of them."""
    rows = {name: Row(subject, name, does) for name, (does, _) in contestants.items()}
    for _ in range(rounds):
        for name, (_, run) in contestants.items():
            gc.collect()
            try:
                rows[name].figures.append(run())
            except ImportError as error:
                rows[name].why_not = str(error)
    return list(rows.values())


@contextmanager
def database() -> Iterator[None]:
    """A PostgreSQL of the benchmark's own, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="marcus-bench-") as directory:
        Path(directory).chmod(0o711)  # as root, PostgreSQL's user has to pass through
        os.environ |= {
            "MARCUS_DATA_DIR": directory,
            "DATABASE_URL": "",
            "MARCUS_MAX_LAG": "0",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        import django

        django.setup()
        from django.conf import settings
        from django.core.management import call_command

        from marcus_events import postgres
        from marcus_events.core.lifecycle import stop_services
        from marcus_events.postgres.data_directory import DataDirectory

        with postgres.ClusterMember(DataDirectory.under(settings.DATA_DIR)):
            call_command("migrate", verbosity=0)
            yield
            stop_services()


def table(rows: list[Row], baseline: str) -> str:
    base = next((row.median for row in rows if row.name == baseline), 0.0)
    lines = [f"\n{rows[0].subject}, events/s over {len(rows[0].figures)} rounds"]
    width = max(len(row.name) for row in rows)
    for row in rows:
        if row.why_not:
            lines.append(f"  {row.name:{width}}  not measured: {row.why_not}")
            continue
        ratio = row.median / base if base else 0.0
        spread = f"{min(row.figures):,.0f} to {max(row.figures):,.0f}"
        lines.append(f"  {row.name:{width}}  {row.median:>11,.0f}  {ratio:>6.2f} ×  ({spread})  {row.does}")
    return "\n".join(lines)


def write(rows: list[Row], rounds: int, seconds: float, kind: str) -> Path:
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{kind}.json"
    about = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "rounds": rounds,
        "seconds": seconds,
        "versions": {name: version_of(name) for name in ("blinker", "pyee", "bubus")},
    }
    found = [asdict(row) | {"median": row.median} for row in rows]
    path.write_text(json.dumps(about | {"rows": found}, indent=1) + "\n")
    return path


def version_of(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


if __name__ == "__main__":
    main()
