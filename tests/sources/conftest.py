"""A copy of the bundled run, and a follower of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sources.following import Following
from tests.sources.installations import copy_run


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return copy_run(tmp_path / "marcus")


@pytest.fixture
def following(root: Path) -> Iterator[Following]:
    with Following(root) as following:
        yield following
