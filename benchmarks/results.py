"""The results of a run: a table for a terminal, and JSON."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.contest import Row, Scale
from benchmarks.result_files import write_results

PREFECT_ENVIRONMENT = Path(sys.prefix) / "prefect"  # made by the Makefile
PACKAGES = ("blinker", "bubus", "daphne", "eventsourcing", "psycopg", "pyee", "uvicorn")


def table(rows: list[Row]) -> str:
    bases = {row.name: row.medians for row in rows}
    rounds = max((len(values) for row in rows for values in row.figures.values()), default=0)
    lines = [f"\n{rows[0].subject}, medians of {rounds} rounds, ratios to {rows[0].baseline}"]
    width = max(len(row.name) for row in rows)
    for row in rows:
        if row.why_not:
            lines.append(f"  {row.name:{width}}  not measured: {row.why_not}")
        base = bases.get(row.baseline, {})
        for n, (unit, median) in enumerate(row.medians.items()):
            ratio = f"{median / base[unit]:>7.2f} ×" if base.get(unit) else " " * 9
            values = row.figures[unit]
            spread = f"({number(min(values))} to {number(max(values))})"
            name, does = (row.name, row.does) if n == 0 else ("", "")
            lines.append(f"  {name:{width}}  {number(median):>9} {unit:8} {ratio}  {spread:22} {does}".rstrip())
    return "\n".join(lines)


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def ratio(value: float) -> str:
    return number(value) if value >= 10 else f"{value:.2f}"


def write(rows: list[Row], scale: Scale, kind: str, load_before: Sequence[float]) -> Path:
    about = {
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "load_before": load_before,
        "scale": asdict(scale),
        "versions": {name: version_of(name) for name in PACKAGES} | {"Prefect": prefect_version()},
    }
    found = [asdict(row) | {"medians": row.medians} for row in rows]
    return write_results(kind, about | {"rows": found})


def version_of(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def prefect_version() -> str | None:
    packages = PREFECT_ENVIRONMENT.glob("lib/*/site-packages/prefect-3*.dist-info")
    return next((path.name.removeprefix("prefect-").removesuffix(".dist-info") for path in packages), None)
