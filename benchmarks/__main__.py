"""`make bench`: every contestant in every round, one after another; medians, ranges and ratios.

    python -m benchmarks [--quick] [--only GROUP …] [--rounds N] [--log-lines N] [--document]

The machine may do other things meanwhile, so single figures mean little: the ratios of one run do. Tables are printed,
and everything measured is written to benchmarks/results/ as JSON. With --document, docs/performance.md and its graphs
are made from it.
"""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import closing
from importlib import import_module

from benchmarks.contest import Row, Scale, compete, end_on_signals
from benchmarks.databases import data_directory
from benchmarks.results import table, write

GROUPS = {  # by name: the module with its `contests`
    "publish": "publishing",
    "store": "storing",
    "http": "http_publishing",
    "live": "live",
    "rebuild": "rebuilding",
    "follow": "following",
}
FULL = Scale(rounds=5, seconds=0.5)  # about ten minutes in all
QUICK = Scale(rounds=1, seconds=0.02, is_quick=True)


def main() -> None:
    options = parse_options()
    end_on_signals()
    scale = QUICK if options.quick else Scale(options.rounds, FULL.seconds, log_lines=options.log_lines)
    rows: list[Row] = []
    load_before = os.getloadavg()
    with data_directory():
        for group in options.only:
            for found in measured(group, scale):
                print(table(found), flush=True)
                rows += found
    kind = "quick" if options.quick else "full" if options.only == list(GROUPS) else "-".join(options.only)
    path = write(rows, scale, kind, load_before)
    print(f"Written to {path.name}")
    if options.document:
        from benchmarks.document import write_document

        write_document(path)


def parse_options() -> Namespace:
    parser = ArgumentParser(prog="make bench", description="Measures this system beside others, in one run.")
    add = parser.add_argument
    add("--quick", action="store_true", help="only to see that everything runs")
    add("--only", nargs="+", choices=GROUPS, default=list(GROUPS), metavar="GROUP", help=f"of {', '.join(GROUPS)}")
    add("--rounds", type=int, default=FULL.rounds)
    add("--log-lines", type=int, default=FULL.log_lines, help="how many lines to follow, such as 1000000")
    add("--document", action="store_true", help="write docs/performance.md and its graphs")
    options = parser.parse_args()
    if options.document and (options.quick or options.only != list(GROUPS)):
        parser.error("--document needs a full run")
    return options


def measured(group: str, scale: Scale) -> Iterator[list[Row]]:
    """Measure one contest after another. What a group has started is ended with it, however it ends."""
    with closing(import_module(f"benchmarks.{GROUPS[group]}").contests(scale)) as contests:
        for contest in contests:
            yield compete(contest, scale.rounds)


if __name__ == "__main__":
    main()
