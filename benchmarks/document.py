"""Writes the results of a run into docs/performance.md and README.md, between two comments, and draws its graphs."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from itertools import groupby
from pathlib import Path
from typing import Any

from benchmarks.contest import Row
from benchmarks.dot_plot import dot_plot
from benchmarks.goals import GOALS, NOT_MEASURED, Goal, median
from benchmarks.results import number, ratio

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT, README, IMAGES = ROOT / "docs/performance.md", ROOT / "README.md", ROOT / "docs/images"
BETWEEN = re.compile(r"(<!-- results of make bench -->\n).*(<!-- end of results -->)", re.DOTALL)
OURS = ("marcus_events", "publish", "rebuild", "follow")  # how the names of our contestants begin


def write_document(results: Path) -> None:
    """Replace the results in both documents, and the graphs. The file must be that of a full run."""
    found = json.loads(results.read_text())
    names = {field.name for field in fields(Row)}
    rows = [Row(**{name: value for name, value in row.items() if name in names}) for row in found["rows"]]
    contests = [list(group) for _, group in groupby(rows, lambda row: row.subject)]
    for former in IMAGES.glob("performance-*.svg"):
        former.unlink()
    for contest in contests:
        if any(row.figures for row in contest):
            image(contest).write_text(dot_plot(capitalised(contest[0].subject), contest, our_names(contest)))
    parts = [machine(found), "## Goals", goals(rows), "## Figures", *(section(contest) for contest in contests)]
    replace(DOCUMENT, "\n\n".join(parts))
    replace(README, headlines(found, rows))


def replace(file: Path, text: str) -> None:
    file.write_text(BETWEEN.sub(lambda found: f"{found[1]}\n{text}\n\n{found[2]}", file.read_text()))


def image(contest: list[Row]) -> Path:
    slug = re.sub(r"[^a-z0-9]+", "-", contest[0].subject.lower()).strip("-")
    return IMAGES / f"performance-{slug}.svg"


def our_names(contest: list[Row]) -> list[str]:
    return [row.name for row in contest if row.name.startswith(OURS)]


def machine(found: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items() if version)
    return (
        f"Measured {on_machine(found)}, in {found['scale']['rounds']} rounds. Other programs used the machine at the "
        f"same time: its load average was {found['load_before'][0]:.1f} before the run. Compare ratios, not figures. "
        f"Python {found['python']}; {versions}."
    )


def on_machine(found: dict[str, Any]) -> str:
    return f"on {found['at'][:10]} on {found['cpus']} cores with {found['memory_bytes'] / 2**30:.0f} GiB of memory"


def goals(rows: list[Row]) -> str:
    missing = [f"- {what}: not part of this run, because {why}." for what, why in NOT_MEASURED.items()]
    return "\n".join([*(f"- {sentence(goal, rows)}" for goal in GOALS), *missing])


def sentence(goal: Goal, rows: list[Row]) -> str:
    outcome, unit = goal.outcome(rows), " ×" if goal.beside else ""
    limit = f"at {'most' if goal.is_at_most else 'least'} {goal.limit:,g}{unit}"
    if outcome is None:
        return f"{goal.what}: not measured (goal: {limit})."
    verdict = "**reached**" if goal.is_reached(outcome) else "not reached"
    return f"{goal.what}: {verdict}, {ratio(outcome)}{unit} (goal: {limit})."


def capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def section(contest: list[Row]) -> str:
    title = capitalised(contest[0].subject)
    lines = ["| Contestant | Median | Range | Ratio | |", "| --- | --: | --: | --: | --- |"]
    bases = {row.name: row.medians for row in contest}
    for row in contest:
        lines += [f"| {row.name} | | | | not measured: {row.why_not} |"] if row.why_not else []
        for n, (unit, value) in enumerate(row.medians.items()):
            spread = f"{number(min(row.figures[unit]))}–{number(max(row.figures[unit]))}"
            base = bases[row.baseline].get(unit) if row.baseline in bases else None
            beside = f"{ratio(value / base)} ×" if base else ""
            name, does = (row.name, capitalised(row.does)) if n == 0 else ("", "")
            lines.append(f"| {name} | {number(value)} {unit} | {spread} | {beside} | {does} |")
    picture = [f"![{title}](images/{image(contest).name})"] if any(row.figures for row in contest) else []
    return "\n\n".join([f"### {title}", *picture, "\n".join(lines)])


def headlines(found: dict[str, Any], rows: list[Row]) -> str:
    lines = [
        f"Measured {on_machine(found)}, while other programs used them:",
        "",
        "| | Measured | Ratio |",
        "| --- | --: | --: |",
    ]
    for goal in GOALS:
        ours = median(rows, goal.figure if goal.figure[1].startswith(OURS) else goal.beside or goal.figure)
        outcome = goal.outcome(rows)
        if goal.is_headline and outcome and ours:
            unit = goal.figure[2].replace("p50 ms", "ms").replace("p99 ms", "ms")
            lines.append(f"| {goal.what} | {number(ours)} {unit} | {ratio(outcome)} × |")
    return "\n".join(lines)
