"""Whether a person can answer a question at once."""

from __future__ import annotations

from typing import Any

import pytest

from marcus_events.blockers.question_check import (
    NO_QUESTION,
    NO_RECOMMENDATION,
    SEVERAL,
    TOO_MANY_OPTIONS,
    advice_for,
)


@pytest.mark.parametrize(
    "question",
    [
        "Which key?",
        "Which key?!",
        "Really???",
        "Which key of https://keys.example/list?all=1 do I need?",
        "Welcher Schlüssel?",
        "どの鍵ですか？",
        "أي مفتاح؟",
        "Ποιο κλειδί\N{GREEK QUESTION MARK}",
        "The blue key is lost. May I use the red one?",
    ],
)
def test_one_question_is_fine(question: str) -> None:
    assert advice_for(question) == []


@pytest.mark.parametrize(
    ("question", "more", "advice"),
    [
        ("No key.", {}, [NO_QUESTION]),
        ("See https://keys.example/?all=1", {}, [NO_QUESTION]),
        ("Which key? And which lock?", {}, [SEVERAL]),
        ("Which key?", {"options": list("abcd"), "recommendation": "a"}, []),
        ("Which key?", {"options": list("abcde"), "recommendation": "a"}, [TOO_MANY_OPTIONS]),
        ("Which key?", {"options": ["a"]}, [NO_RECOMMENDATION]),
        ("Which key?", {"options": ["a"], "recommendation": "  "}, [NO_RECOMMENDATION]),
        ("Which key?", {"recommendation": "The blue one"}, []),
        ("No key.", {"options": list("abcde")}, [NO_QUESTION, TOO_MANY_OPTIONS, NO_RECOMMENDATION]),
    ],
)
def test_the_advice_says_what_to_change(question: str, more: dict[str, Any], advice: list[str]) -> None:
    assert advice_for(question, **more) == advice
