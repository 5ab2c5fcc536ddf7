"""Flame graphs show each function as wide as its share of the samples."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from benchmarks.flame_graph import WIDTH, flame_graph, read_folded, without_start

STACKS = [
    "run (manage.py:3);loop (events.py:10);publish (marcus_events/ingest.py:5);dumps (json.py:1) 30",
    "run (manage.py:3);loop (events.py:10);publish (marcus_events/ingest.py:9) 30",
    "run (manage.py:3);loop (events.py:10);<locals>.read (http.py:1) 40",
    "start (threading.py:1);work (writer.py:2) 0",
]
RECT = "{http://www.w3.org/2000/svg}rect"


def test_lines_of_a_function_are_one_box() -> None:
    root = read_folded(STACKS)
    loop = root.called["run (manage.py)"].called["loop (events.py)"]
    assert {name: frame.samples for name, frame in loop.called.items()} == {
        "publish (marcus_events/ingest.py)": 60,
        "<locals>.read (http.py)": 40,
    }


def test_the_start_of_the_program_is_left_out() -> None:
    assert list(without_start(read_folded(STACKS[:3])).called) == ["loop (events.py)"]


def test_a_box_is_as_wide_as_its_share_and_ours_are_marked() -> None:
    drawn = ET.fromstring(flame_graph("A profile", without_start(read_folded(STACKS))))  # noqa: S314 - drawn by us
    boxes = [(round(float(box.attrib["width"])), box.get("class")) for box in drawn.iter(RECT)]
    assert boxes == [
        (WIDTH, None),
        (round(0.6 * WIDTH), "ours"),
        (round(0.3 * WIDTH), None),
        (round(0.4 * WIDTH), None),
    ]
