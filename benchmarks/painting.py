"""From publishing to the painted page: 50 open pages and 200 events a second, measured in real browsers.

    python -m benchmarks.painting [--quick] [--seconds N] [--rate N] [--pages N] [--document]

`manage.py up` runs as `make run` runs it, with temporary data. One page of each kind is opened in Chromium in
turn; the others are the WebSockets that such pages open, since browsers share the processor with the server that is
measured. With --document, the figures are written into docs/performance.md.
"""

from __future__ import annotations

import asyncio
import re
import resource
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path

import psutil

from benchmarks.databases import data_directory
from benchmarks.painting_scale import QUICK, Scale
from benchmarks.result_files import write_results

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs/performance.md"
BETWEEN = re.compile(r"(<!-- painting -->\n).*(<!-- end of painting -->)", re.DOTALL)
OPEN_FILES = 4_096
LIMITS = {"MARCUS_CONNECTIONS_USER": "2000"}


def main() -> None:
    parser = ArgumentParser(description="Measures from publishing to the painted page.")
    parser.add_argument("--quick", action="store_true", help="only to see that everything runs")
    parser.add_argument("--seconds", type=float, default=Scale.seconds)
    parser.add_argument("--rate", type=int, default=Scale.rate, help="events a second")
    parser.add_argument("--pages", type=int, default=Scale.pages)
    parser.add_argument("--document", action="store_true", help="write the figures into docs/performance.md")
    options = parser.parse_args()
    scale = QUICK if options.quick else Scale(options.seconds, options.rate, options.pages)
    load_before = psutil.getloadavg()[0]
    with data_directory():
        from benchmarks.painting_run import measure
        from benchmarks.painting_text import summary
        from benchmarks.servers import WITHOUT_CLIENT_LIMITS
        from tests.running_server import Running

        allow_open_files()
        with Running(**WITHOUT_CLIENT_LIMITS, **LIMITS) as up:
            measured = asyncio.run(measure(up, scale))
        text = summary(measured, scale, load_before)
    write_results("painting-quick" if options.quick else "painting", asdict(scale) | asdict(measured))
    print(text)
    if options.document:
        DOCUMENT.write_text(BETWEEN.sub(lambda found: f"{found[1]}\n{text}\n\n{found[2]}", DOCUMENT.read_text()))


def allow_open_files() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(OPEN_FILES, hard), hard))


if __name__ == "__main__":
    main()
