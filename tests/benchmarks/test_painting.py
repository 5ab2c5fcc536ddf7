"""The benchmark of painting runs in a real browser, and counts every event: painted, folded, trimmed or missing."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.even_publishing import Published
from benchmarks.painting_figures import Latencies, cumulative_layout_shift, of_rows, of_state, unwrapped
from benchmarks.painting_scale import QUICK
from tests.browser import chromium

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.browser
def test_a_quick_run_measures_every_page_and_accounts_for_every_event() -> None:
    if chromium.find() is None:
        pytest.skip("there is no Chromium on this machine")
    command = [sys.executable, "-m", "benchmarks.painting", "--quick"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    assert run.returncode == 0, run.stderr
    found = json.loads((ROOT / "benchmarks/results/painting-quick.json").read_text())
    pages = {page["page"]: page for page in found["pages"]}
    assert list(pages) == ["Now", "a board", "Activity", "Agents"]
    assert all(name in run.stdout for name in pages)
    assert {page["events"] for page in pages.values()} == {QUICK.seconds * QUICK.rate}
    for name in ("Now", "Activity"):
        assert sum(pages[name]["rows"].values()) == pages[name]["events"]
        assert pages[name]["latencies"]["ms"]
    for name in ("Now", "a board", "Agents"):
        assert min(pages[name]["state"]["ms"]) > 0
    assert all(phone["frames_per_s"] > 0 for phone in found["phone"].values())
    assert found["kilobytes_per_socket"] > 0


def test_an_event_without_a_painted_row_counts_as_later_than_all_others() -> None:
    published = Published({1: 10.0, 2: 10.5, 3: 11.0, 4: 11.5})
    rows = {"1": [10_120.0, "row"], "2": [10_700.0, "folded"], "3": [11_100.0, "trimmed"]}
    latencies, counts = of_rows(rows, published, ahead_ms=20)
    assert latencies.ms == [100, 180]
    assert counts == {"row": 1, "folded": 1, "trimmed": 1, "never": 1}
    assert latencies.percentile(50) == math.inf
    assert Latencies([1.0, 2.0, 3.0, 4.0]).percentile(50) == 3.0


def test_a_number_stands_for_the_events_before_it_too() -> None:
    latencies = of_state([(2, 1_300.0), (3, 2_500.0)], [1.0, 1.1, 2.0, 2.1], ahead_ms=0)
    assert latencies.ms == pytest.approx([300, 200, 500])
    assert latencies.missing == 1


def test_progress_that_begins_anew_goes_on_counting() -> None:
    log = [(97, 1.0), (98, 2.0), (99, 3.0), (1, 4.0)]  # the first value is still that of before
    assert unwrapped(log, before=97) == [(0, 1.0), (1, 2.0), (2, 3.0), (4, 4.0)]


def test_layout_shifts_are_summed_up_within_windows() -> None:
    assert cumulative_layout_shift([(0, 0.1), (500, 0.2), (2_000, 0.25)]) == pytest.approx(0.3)
    assert cumulative_layout_shift([(n * 900, 0.1) for n in range(12)]) == pytest.approx(0.6)
    assert cumulative_layout_shift([]) == 0
