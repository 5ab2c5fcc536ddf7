"""Enables the recording of people's actions, which other tests disable."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from marcus_events.audit import signals


@pytest.fixture(autouse=True)
def on_the_record(off_the_record: None) -> Iterator[None]:
    signals.connect_receivers()
    yield
    signals.disconnect_receivers()
