"""The figures of a run as Markdown."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import psutil

from benchmarks.painting_figures import Latencies, PageFigures
from benchmarks.painting_run import Measured
from benchmarks.painting_scale import Scale


def summary(measured: Measured, scale: Scale, load_before: float) -> str:
    return "\n".join(
        [
            f"Measured on {datetime.now(UTC):%Y-%m-%d} on {psutil.cpu_count()} cores (load average before: "
            f"{load_before:.1f}): {scale.rate} events a second were to be sent for {scale.seconds:g} seconds, with "
            f"{scale.pages} open pages, of which one at a time was in Chromium.",
            "",
            "| Page | Events sent a second | Latest was late by | Web process | Worker |",
            "| --- | --: | --: | --: | --: |",
            *(load_line(page) for page in measured.pages),
            "",
            "| Page | What is painted | Median | p95 | p99 | Never |",
            "| --- | --- | --: | --: | --: | --: |",
            *(line for page in measured.pages for line in page_lines(page)),
            "",
            "| Page | Own rows | Folded | Trimmed | Never came | Number painted | Long tasks | Longest | CLS |",
            "| --- | --: | --: | --: | --: | --: | --: | --: | --: |",
            *(counts_line(page) for page in measured.pages),
            "",
            "A phone of 390 × 844 whose processor is slowed down 6 times, scrolled by touch for "
            f"{scale.scroll_seconds:g} seconds:",
            "",
            "| Page | Frames/s | Longest frame | Frames over 50 ms | Long tasks |",
            "| --- | --: | --: | --: | --: |",
            *(
                f"| {name} | {found.frames_per_s:.1f} | {found.longest_frame_ms:.0f} ms | {found.long_frames} "
                f"| {found.long_tasks} |"
                for name, found in measured.phone.items()
            ),
            "",
            f"Memory of the web process for each of {scale.idle_sockets} idle sockets of open pages: "
            f"{measured.kilobytes_per_socket:.1f} KB.",
        ]
    )


def load_line(page: PageFigures) -> str:
    load = page.load
    shares = f"{load.web:.0%} of a core | {load.worker:.0%} of a core"
    return f"| {page.page} | {load.rate:.0f} | {load.late_s:.2f} s | {shares} |"


def page_lines(page: PageFigures) -> list[str]:
    found = []
    if any(count for standing, count in page.rows.items() if standing != "never"):
        found.append(latency_line(page.page, "the event's row", page.latencies))
    if page.state:
        found.append(latency_line(page.page, "a number that counts the event", page.state))
    return found


def latency_line(page: str, what: str, latencies: Latencies) -> str:
    total = len(latencies.ms) + latencies.missing
    never = f"{latencies.missing:,} of {total:,}" if latencies.missing else "none"
    return f"| {page} | {what} | {' | '.join(ms(latencies.percentile(each)) for each in (50, 95, 99))} | {never} |"


def ms(value: float) -> str:
    return f"{value:,.0f} ms" if math.isfinite(value) else "never"


def counts_line(page: PageFigures) -> str:
    has_rows = any(count for standing, count in page.rows.items() if standing != "never")
    rows = [f"{page.rows[each]:,}" if has_rows else "" for each in ("row", "folded", "trimmed", "never")]
    number = f"{page.state_paints}" if page.state else ""
    longest = f"{max(page.long_tasks_ms, default=0):.0f} ms"
    cells = [page.page, *rows, number, str(len(page.long_tasks_ms)), longest, f"{page.layout_shift:.2f}"]
    return f"| {' | '.join(cells)} |"
