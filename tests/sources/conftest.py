"""A copy of the bundled run, a follower of it, and a follower that does not compare Marcus's board."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from marcus_events.sources.marcus import reconciliation
from tests.sources.following import Following
from tests.sources.installations import copy_run


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return copy_run(tmp_path / "marcus")


@pytest.fixture
def following(root: Path) -> Iterator[Following]:
    with Following(root) as following:
        yield following


@pytest.fixture
def unreconciled(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that report on tasks whose cards they do not move: the follower must not correct these reports."""
    monkeypatch.setattr(reconciliation, "SETTLE_S", 86_400.0)
