"""The benchmarks run, and say what they measured. How fast anything is, no test asks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.publishing import CONTESTANTS, HANDLERS

ROOT = Path(__file__).resolve().parents[2]


def test_every_contestant_is_measured_or_said_to_be_missing() -> None:
    command = [sys.executable, "-m", "benchmarks", "--quick"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "MARCUS_"))}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode == 0, done.stderr
    found = json.loads((ROOT / "benchmarks" / "results" / "quick.json").read_text())
    published = [row for row in found["rows"] if row["subject"].startswith("publish to")]
    assert [row["name"] for row in published] == list(CONTESTANTS) * len(HANDLERS)
    assert [row["name"] for row in found["rows"][len(published) :]] == ["COPY", "publish_batch", "publish"]
    for row in found["rows"]:
        assert bool(row["figures"]) != bool(row["why_not"])
        assert all(figure > 0 for figure in row["figures"])
        assert row["name"] in done.stdout
