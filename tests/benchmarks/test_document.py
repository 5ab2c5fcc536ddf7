"""The document of the benchmarks: verdicts on goals, tables and graphs."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from benchmarks.contest import P50, RATE, Row
from benchmarks.document import section, sentence
from benchmarks.dot_plot import dot_plot
from benchmarks.goals import Goal

ROWS = [
    Row("a subject", "bare", "bare", "does nothing", {RATE: [1_000.0, 3_000.0, 2_000.0], P50: [2.0]}),
    Row("a subject", "bare", "ours <&>", "does all", {RATE: [500.0, 700.0, 600.0], P50: [5.0]}),
    Row("a subject", "bare", "absent", "", why_not="it is not installed"),
]
OURS, BARE = ("a subject", "ours <&>", RATE), ("a subject", "bare", RATE)


@pytest.mark.parametrize(
    ("goal", "expected"),
    [
        (Goal("Fast", OURS, BARE, 0.5), "Fast: not reached, 0.30 × (goal: at least 0.5 ×)."),
        (Goal("Fast", OURS, BARE, 0.25), "Fast: **reached**, 0.30 × (goal: at least 0.25 ×)."),
        (
            Goal("Soon", ("a subject", "ours <&>", P50), ("a subject", "bare", P50), 2, is_at_most=True),
            "Soon: not reached, 2.50 × (goal: at most 2 ×).",
        ),
        (Goal("Fast", OURS, None, 600), "Fast: **reached**, 600 (goal: at least 600)."),
        (Goal("Fast", OURS, ("a subject", "absent", RATE), 2), "Fast: not measured (goal: at least 2 ×)."),
    ],
)
def test_a_goal_is_compared_with_the_ratio_of_the_medians(goal: Goal, expected: str) -> None:
    assert sentence(goal, ROWS) == expected


def test_a_section_has_every_contestant() -> None:
    text = section(ROWS)
    assert "| bare | 2,000 events/s | 1,000–3,000 | 1.00 × | Does nothing |" in text
    assert "| absent | | | | not measured: it is not installed |" in text


def test_a_plot_is_well_formed_and_names_who_was_measured() -> None:
    plot = ElementTree.fromstring(dot_plot("A <subject>", ROWS, ["ours <&>"]))  # noqa: S314 - our own
    texts = [element.text for element in plot.iter("{http://www.w3.org/2000/svg}text")]
    assert {"bare", "ours <&>", "2,000 (1.00 ×)", "600 (0.30 ×)"} < set(texts)
    assert "absent" not in texts
