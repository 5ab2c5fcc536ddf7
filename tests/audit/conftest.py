"""What people do is on record here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from marcus_events.auditing import acts


@pytest.fixture(autouse=True)
def on_the_record(off_the_record: None) -> Iterator[None]:
    acts.listen()
    yield
    acts.unlisten()
