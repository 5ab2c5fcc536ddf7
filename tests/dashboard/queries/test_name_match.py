"""How well a name matches what is typed."""

from __future__ import annotations

import pytest

from dashboard.queries.name_match import BEGINNING, EXACT, LETTERS, PART, WORDS, letters_pattern, prefix_query, rank


@pytest.mark.parametrize(
    ("text", "name", "found"),
    [
        ("document the invoices", "Document the invoices", EXACT),
        (" Straße ", "STRASSE", EXACT),
        ("doc", "Document the invoices", BEGINNING),
        ("document the", "Document the invoices", BEGINNING),
        ("inv doc", "Document the invoices", WORDS),
        ("in", "Sign-in page", WORDS),
        ("voice", "Document the invoices", PART),
        ("dti", "Document the invoices", LETTERS),
        ("ivs", "Document the invoices", LETTERS),
        ("oti", "Document the invoices", None),  # it begins inside of a word
        ("sdt", "Document the invoices", None),
        ("x", "Document the invoices", None),
        ("", "Document the invoices", None),
        ("q7", "", None),
    ],
)
def test_a_name_is_matched_as_a_whole_by_its_beginning_its_words_or_its_letters(
    text: str, name: str, found: int | None
) -> None:
    assert rank(text, name) == found


def test_what_has_a_meaning_in_queries_is_a_letter_like_others() -> None:
    assert prefix_query("it's & !(50%):*") == "'it':* & 's':* & '50':*"
    assert letters_pattern("5%_\\ a") == "%5%\\%%\\_%\\\\%a%"
