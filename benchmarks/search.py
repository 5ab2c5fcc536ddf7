"""How long a search takes, on the log that MARCUS_DATA_DIR or DATABASE_URL names: one that `manage.py generate` made.

    python -m benchmarks.search [--rounds N] [--plans FILE]

Each question is asked in a connection that was just opened, and in one that has been asked much before: a plan that is
made once for all questions of a form would show there. A table is printed, figures are written to benchmarks/results/,
and with --plans what PostgreSQL does for each question goes into a file.
"""

from __future__ import annotations

import os
import random
import statistics
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.result_files import write_results

ROUNDS = 40
CAP = 10_000  # events that facets of words are counted over
SHOWN = 40  # lines of a plan: of the parts that are asked alike, the first ones are enough


@dataclass(frozen=True)
class Figures:
    """Of one question, in milliseconds."""

    question: str
    example: str
    fresh_p50: float
    fresh_p95: float
    used_p50: float
    used_p95: float


def main() -> None:
    parser = ArgumentParser(description="Measures searches on the log that there is.")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--plans", type=Path, help="a file for the plans")
    options = parser.parse_args()
    prepare()
    from marcus_events.log import read

    size = read.head().position
    asked = questions(size)
    found = [measured(name, make, options.rounds) for name, make in asked.items()]
    print(table(found, size))
    print(f"Written to {write(found, size, options.rounds)}")
    if options.plans:
        options.plans.write_text(explained(asked, found, size))


def prepare() -> None:
    """Without a pool, so that a connection that is opened is a new one."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from django.conf import settings

    from marcus_events import postgres

    if settings.EMBEDDED_POSTGRES:
        postgres.start(settings.DATA_DIR)
    settings.DATABASES["default"]["OPTIONS"].pop("pool", None)


Ask = tuple[str, Callable[[], object]]  # what is asked, in words, and asking it


def questions(size: int) -> dict[str, Callable[[random.Random], Ask]]:
    """What issue 6 names; what can differ from one time to the next does."""
    from marcus_events.sources import generation as made

    tasks = size // (made.BOARDS * made.EVENTS_OF_TASK)
    return {
        "newest of a type": lambda chance: page(f"type:{chance.choice(list(made.TYPES))}"),
        "a rare word": lambda chance: page(made.RARE),
        "an absent word": lambda chance: page(f"nowhere{chance.randrange(10**6)}"),
        "a very common word": lambda chance: page(made.COMMON),
        "two frequent words together": lambda chance: page(" ".join(made.APART)),
        "a word of the oldest twentieth alone": lambda chance: page(made.EARLY),
        "a phrase": lambda chance: page(f'"{made.PHRASE}"'),
        "a task's whole story": lambda chance: page(
            f"task:board-{chance.randrange(made.BOARDS):02}-{chance.randrange(tasks + 1)}", limit=1_000
        ),
        "a page deep inside": lambda chance: page(made.APART[0], before=chance.randrange(size // 10, size)),
        "facets of a day": lambda chance: facets_of_day(chance),
    }


def page(query: str, limit: int = 50, **options: Any) -> Ask:
    from marcus_events import search
    from marcus_events.core.filters import EventFilter

    where = f", before position {options['before']:,}" if "before" in options else ""
    return f"{query}{where}", lambda: search.page(EventFilter.parse(query), limit=limit, **options)


def facets_of_day(chance: random.Random) -> Ask:
    from marcus_events import search
    from marcus_events.core.filters import EventFilter, format_moment
    from marcus_events.log import read

    newest = read.event(read.head().position)
    assert newest, "the log is empty: see manage.py generate"
    day = newest.timestamp.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=chance.randrange(50))
    query = f"since:{format_moment(day)} until:{format_moment(day + timedelta(days=1))}"
    return query, lambda: search.facets(EventFilter.parse(query), CAP)


def measured(name: str, make: Callable[[random.Random], Ask], rounds: int) -> Figures:
    from django.db import connection

    chance = random.Random(name)  # noqa: S311
    fresh, used = [], []
    for _ in range(rounds):
        connection.close()
        connection.ensure_connection()
        fresh.append(took(make(chance)[1]))
    example, ask = make(chance)
    for _ in range(rounds):
        example, ask = make(chance)
        used.append(took(ask))
    return Figures(name, example, *p50_p95(fresh), *p50_p95(used))


def took(ask: Callable[[], object]) -> float:
    begun = time.perf_counter()
    ask()
    return (time.perf_counter() - begun) * 1000


def p50_p95(figures: list[float]) -> tuple[float, float]:
    return statistics.median(figures), statistics.quantiles(figures, n=20, method="inclusive")[-1]


def table(found: list[Figures], size: int) -> str:
    lines = [f"{size:,} events; milliseconds", f"{'':40}{'fresh p50':>11}{'p95':>8}{'used p50':>11}{'p95':>8}"]
    for row in found:
        figures = f"{row.fresh_p50:>11.1f}{row.fresh_p95:>8.1f}{row.used_p50:>11.1f}{row.used_p95:>8.1f}"
        lines.append(f"{row.question:40}{figures}")
    return "\n".join(lines)


def write(found: list[Figures], size: int, rounds: int) -> Path:
    about = {"events": size, "rounds": rounds}
    return write_results(f"search-{size}", about | {"rows": [asdict(row) for row in found]})


def explained(asked: dict[str, Callable[[random.Random], Ask]], found: list[Figures], size: int) -> str:
    parts = [HEAD.format(size=size, table=as_markdown(found))]
    for name, make in asked.items():
        example, ask = make(random.Random(name))  # noqa: S311
        plans = [f"```\n{plan}\n```" for plan in plans_of(ask)]
        parts.append("\n\n".join([f"## {name[0].upper()}{name[1:]}: `{example}`", *plans]))
    return "\n\n".join(parts) + "\n"


HEAD = """# Search plans

This page shows how PostgreSQL executes each measured query, on a generated log of {size:,} events. It is generated by
`python -m benchmarks.search --plans docs/search-plans.md`. [Decision 11](decisions/0011-search.md) explains the design.
A statement reads the parts of the index in order and ends when it has enough events. The plan marks the parts that were
not needed as "never executed". Times are in milliseconds. Other programs ran on the machine during the measurement.

{table}"""


def as_markdown(found: list[Figures]) -> str:
    rows = [
        "| Query | New connection, p50 | p95 | Long-used connection, p50 | p95 |",
        "| --- | --: | --: | --: | --: |",
    ]
    for row in found:
        figures = (row.fresh_p50, row.fresh_p95, row.used_p50, row.used_p95)
        rows.append(f"| {row.question} | {' | '.join(f'{figure:.1f}' for figure in figures)} |")
    return "\n".join(rows)


def plans_of(ask: Callable[[], object]) -> Iterator[str]:
    """Of every statement that reads more than a row or two."""
    from django.db import connection

    from marcus_events.log.rows import rows
    from marcus_events.search.execute import search_transaction

    statements: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if any(table in sql for table in ("FROM search_", "FROM event", "FROM facet", "hourly_facet")):
            statements.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        ask()
    with search_transaction():
        for sql, params in statements:
            if "search_part" not in sql and "max(position)" not in sql:
                lines = [line for (line,) in rows(f"EXPLAIN (ANALYZE, COSTS OFF, BUFFERS OFF) {sql}", params)]
                yield "\n".join([*lines[:SHOWN], *(["…", *lines[-2:]] if len(lines) > SHOWN else [])])


if __name__ == "__main__":
    main()
