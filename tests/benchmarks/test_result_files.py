"""Results are written in a fresh checkout too, after an hour of measuring."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import result_files

BENCHMARKS = Path(result_files.__file__).parent


def test_the_folder_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_files, "RESULTS", tmp_path / "results")
    path = result_files.write_results("everything-on", {"rate": 200})
    assert path == tmp_path / "results/everything-on.json"
    assert json.loads(path.read_text())["rate"] == 200


def test_no_other_module_writes_results() -> None:
    writing = [path.name for path in BENCHMARKS.glob("*.py") if "json.dumps" in path.read_text()]
    assert "result_files.py" in writing
    assert not {name for name in writing if "write_text(json" in (BENCHMARKS / name).read_text()} - {"result_files.py"}
