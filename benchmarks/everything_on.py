"""Everything on, for minutes: events over HTTP in batches, all projections, and live pages that are open.

    python -m benchmarks.everything_on [--minutes N] [--rate N] [--pages N] [--document]

`manage.py up` runs as `make run` runs it, with its own PostgreSQL. This process posts batches at an even rate, holds
the WebSockets of signed-in pages open and looks every two seconds at the lag of each projection, the rate and the
memory. With --document, the graph and the figures are written into docs/performance.md.
"""

from __future__ import annotations

import asyncio
import re
import statistics
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path

import psutil

from benchmarks.databases import data_directory
from benchmarks.line_plot import Panel, line_plot
from benchmarks.result_files import write_results

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs/performance.md"
IMAGE = ROOT / "docs/images/everything-on.svg"
BETWEEN = re.compile(r"(<!-- everything on -->\n).*(<!-- end of everything on -->)", re.DOTALL)

Samples = dict[str, list[float]]


def main() -> None:
    parser = ArgumentParser(description="Measures lag and memory while everything is on.")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=int, default=5_000, help="events a second")
    parser.add_argument("--pages", type=int, default=50)
    parser.add_argument("--document", action="store_true", help="write the figures into docs/performance.md")
    options = parser.parse_args()
    load_before = psutil.getloadavg()[0]
    with data_directory():
        from benchmarks.busy_server import measure
        from benchmarks.servers import WITHOUT_CLIENT_LIMITS
        from tests.running_server import Running

        with Running(**WITHOUT_CLIENT_LIMITS) as up:
            samples = asyncio.run(measure(up, options.minutes * 60, options.rate, options.pages))
    text = summary(samples, options.rate, options.pages, load_before)
    write_results("everything-on", {"rate": options.rate} | samples)
    print(text)
    if options.document:
        IMAGE.write_text(graph(samples))
        picture = f"![Rate, lag and memory](images/{IMAGE.name})"
        document = BETWEEN.sub(lambda found: f"{found[1]}\n{text}\n\n{picture}\n\n{found[2]}", DOCUMENT.read_text())
        DOCUMENT.write_text(document)


def summary(samples: Samples, rate: int, pages: int, load_before: float) -> str:
    """The figures as Markdown."""
    lags = {name: values for name, values in samples.items() if name.startswith("lag of ")}
    batches = samples["milliseconds of a batch"]
    half = len(samples["minutes"]) // 2
    return "\n".join(
        [
            f"Measured on {datetime.now(UTC):%Y-%m-%d} on {psutil.cpu_count()} cores (load average before: "
            f"{load_before:.1f}), {samples['minutes'][-1]:.0f} minutes, {pages} live pages, {rate:,} events a second "
            "offered in batches of 100:",
            "",
            f"- stored: {statistics.mean(samples['events a second']):,.0f} events a second on average, "
            f"{len(batches) * 100:,} in all;",
            f"- a batch: {statistics.median(batches):.0f} ms (median), "
            f"{statistics.quantiles(batches, n=100)[98]:.0f} ms (99th percentile);",
            *(
                f"- {name}: {statistics.median(values):.2f} s (median), {max(values):.2f} s (longest);"
                for name, values in lags.items()
            ),
            *(
                f"- {name}: {samples[name][0]:.0f} MiB at first, {samples[name][half]:.0f} MiB after half of the time, "
                f"{samples[name][-1]:.0f} MiB at the end;"
                for name in ("memory of web", "memory of worker")
            ),
            f"- frames sent to pages: {samples['frames to pages'][0]:,.0f}.",
        ]
    )


def graph(samples: Samples) -> str:
    def panel(title: str, prefix: str) -> Panel:
        lines = {name.removeprefix(prefix): values for name, values in samples.items() if name.startswith(prefix)}
        return Panel(title, lines)

    panels = [
        Panel("Events stored a second", {"events": samples["events a second"]}),
        panel("Lag, seconds", "lag of "),
        panel("Memory, MiB", "memory of "),
    ]
    return line_plot("Everything on: rate, lag and memory", samples["minutes"], panels)


if __name__ == "__main__":
    main()
