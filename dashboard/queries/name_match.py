"""Ranks names by how well they match what somebody types: the whole name, its beginning, its words, its letters."""

from __future__ import annotations

import re

EXACT, BEGINNING, WORDS, PART, LETTERS = range(5)
MAX_WORDS = 8
MAX_LETTERS = 40
WORD = re.compile(r"[^\W_]+")


def rank(text: str, name: str) -> int | None:
    """Return how well a name matches, the best first; None if it does not."""
    wanted, found = text.casefold().strip(), name.casefold()
    if not wanted:
        return None
    if found == wanted:
        return EXACT
    if found.startswith(wanted):
        return BEGINNING
    words = WORD.findall(found)
    if (typed := WORD.findall(wanted)) and all(any(word.startswith(part) for word in words) for part in typed):
        return WORDS
    if wanted in found:
        return PART
    return LETTERS if has_letters(wanted, found) else None


def has_letters(wanted: str, found: str) -> bool:
    """Whether the letters occur in this order, the first one at the beginning of a word: "inv" in "Do the invoices"."""
    letters = [letter for letter in wanted if not letter.isspace()]
    if len(letters) < 2:
        return False
    starts = [match.start() for match in re.finditer(r"(?<![^\W_])" + re.escape(letters[0]), found)]
    return any(follow(letters, found, start) for start in starts)


def follow(letters: list[str], found: str, start: int) -> bool:
    at = start - 1
    for letter in letters:
        at = found.find(letter, at + 1)
        if at < 0:
            return False
    return True


def typed_words(text: str) -> list[str]:
    return WORD.findall(text)[:MAX_WORDS]


def prefix_query(text: str) -> str:
    """Return the tsquery of names with words that begin with the typed ones."""
    return " & ".join(f"'{word}':*" for word in typed_words(text))


def letters_pattern(text: str) -> str:
    """Return the LIKE pattern of names with these letters in this order."""
    letters = [letter for letter in text if not letter.isspace()][:MAX_LETTERS]
    return "%" + "".join(re.sub(r"([\\%_])", r"\\\1", letter) + "%" for letter in letters)
