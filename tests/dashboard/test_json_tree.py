"""JSON that can be folded: nothing of it is lost, and it stays text."""

from __future__ import annotations

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from dashboard import json_tree
from dashboard.json_tree import folded
from tests.core.drawn_events import objects
from tests.dashboard.reading import Document


@given(objects)
def test_whatever_it_is_made_of_it_stays_text(value: dict[str, object]) -> None:
    tree = folded(value)
    assert tree is not None
    assert {tag for tag, _ in Document(tree).elements} <= {"div", "details", "summary", "span"}


def test_it_reads_as_the_json_that_it_is() -> None:
    value: dict[str, object] = {"a": [1, {"b": "<b>"}], "c": {}, "d": "x", "e": None, "f": [[2, 3]]}
    text = Document(folded(value) or "").text
    assert json.loads(re.sub(r"(?<=[\[{]) \d+ (field|item)s?", "", text)) == value


def test_what_is_in_another_is_folded_and_long_lists_begin_so() -> None:
    page = Document(folded({"few": {"a": 1}, "many": list(range(json_tree.OPEN_UP_TO + 1))}) or "")
    assert [attributes for tag, attributes in page.elements if tag == "details"] == [{"open": ""}, {}]
    assert "1 field" in page.text
    assert "21 items" in page.text


def test_what_is_too_large_or_too_deep_for_a_tree_is_plain() -> None:
    assert folded(dict.fromkeys(map(str, range(json_tree.MAX_VALUES)))) is None
    deep: dict[str, object] = {}
    for _ in range(json_tree.MAX_DEPTH + 10):
        deep = {"a": deep}
    assert Document(folded(deep) or "").text.count("field") == json_tree.MAX_DEPTH


@given(st.text())
def test_a_key_is_quoted_as_in_json(key: str) -> None:
    assert Document(folded({key: 1}) or "").text == "{" + json.dumps(key, ensure_ascii=False) + ": 1}"
