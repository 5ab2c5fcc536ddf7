"""Words: what counts as one, and what counts as said."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marcus_events.core.words import MAX_LETTERS, MAX_PLACE, MAX_PLACES, Words, phrase, texts_in, tokens

words = st.text("ab1é", min_size=1, max_size=3)
texts = st.lists(st.lists(words, max_size=8).map(" ".join), max_size=4)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Task_blocked: t-1", ["task", "blocked", "t", "1"]),
        ("Straße, NAÏVE", ["strasse", "naïve"]),
        ("nai\u0308ve", ["naïve"]),  # the same in two characters
        ("日本語 テスト", ["日本語", "テスト"]),
        ("-- & !", []),
        ("x" * 120, ["x" * MAX_LETTERS]),
    ],
)
def test_words_are_runs_of_letters_and_digits(text: str, found: list[str]) -> None:
    assert tokens(text) == found


@given(st.text())
def test_of_a_word_nothing_is_left_that_separates(text: str) -> None:
    for word in tokens(text):
        assert word.isalnum()
        assert 0 < len(word) <= MAX_LETTERS


@given(texts, st.lists(words, min_size=1, max_size=3), st.booleans())
def test_words_are_said_if_they_stand_side_by_side_in_one_text(
    said: list[str], asked: list[str], is_prefix: bool
) -> None:
    def in_text(text: str) -> bool:
        found = tokens(text)
        spans = (found[n : n + len(asked)] for n in range(len(found)))
        return any(is_these(span) for span in spans if len(span) == len(asked))

    def is_these(span: list[str]) -> bool:
        return span[:-1] == asked[:-1] and (span[-1].startswith(asked[-1]) if is_prefix else span[-1] == asked[-1])

    wanted = phrase(" ".join(asked) + ("*" if is_prefix else ""))
    assert Words.of(said).said(wanted) == any(map(in_text, said))


def test_what_has_no_word_is_never_said() -> None:
    assert not Words.of(["a"]).said(phrase("*"))


def test_places_are_bounded_and_every_word_is_found_all_the_same() -> None:
    found = Words.of([" ".join(["a"] * 1_000 + [f"w{n}" for n in range(20_000)] + ["last", "word"])])
    assert len(found.places["a"]) == MAX_PLACES
    assert found.places["last"] == [MAX_PLACE]
    assert found.said(phrase("last"))
    assert found.said(phrase("w5 w6"))
    assert not found.said(phrase("last word"))


@given(st.recursive(st.none() | st.integers() | words, lambda inner: st.lists(inner) | st.dictionaries(words, inner)))
def test_keys_are_not_said(value: Any) -> None:
    assert all(isinstance(text, str) for text in texts_in(value))
    assert list(texts_in({"key": value})) == list(texts_in(value))
