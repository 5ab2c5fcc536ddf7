"""The run with everything on measures what it says, and its graph can be read."""

from __future__ import annotations

import asyncio
from xml.etree import ElementTree as ET

import pytest

from benchmarks import everything_on
from benchmarks.servers import WITHOUT_CLIENT_LIMITS
from tests.running_server import Running


@pytest.fixture(scope="module")
def samples() -> everything_on.Samples:
    from benchmarks.busy_server import measure

    with Running(**WITHOUT_CLIENT_LIMITS) as up:
        return asyncio.run(measure(up, seconds=5, rate=400, pages=4))


def test_every_sample_has_every_figure(samples: everything_on.Samples) -> None:
    lines = {
        name: values for name, values in samples.items() if name not in ("milliseconds of a batch", "frames to pages")
    }
    assert {len(values) for values in lines.values()} == {len(samples["minutes"])}
    assert {"lag of state", "lag of rates", "lag of search", "memory of web", "memory of worker"} <= lines.keys()
    assert samples["frames to pages"][0] > 0


def test_the_summary_counts_what_was_stored(samples: everything_on.Samples) -> None:
    text = everything_on.summary(samples, rate=400, pages=4, load_before=0.0)
    assert f"{100 * len(samples['milliseconds of a batch']):,} in all" in text
    assert "lag of search" in text


def test_the_graph_has_a_line_for_every_figure(samples: everything_on.Samples) -> None:
    drawn = ET.fromstring(everything_on.graph(samples))  # noqa: S314 - we have drawn it
    assert len(drawn.findall(".//{http://www.w3.org/2000/svg}polyline")) == 1 + 3 + 2
