"""Tokenise the texts of an event, and match phrases in them.

A word is a run of letters, combining marks and digits, normalised by `search_normalisation.search_form`. Everything
else separates words, including the underscore: `task_blocked` is two adjacent words. A long word is truncated to
MAX_LETTERS. Scripts without spaces, such as Chinese, Japanese and Thai, are split into overlapping pairs and the last
character: `登录失败` becomes `登录`, `录失`, `失败` and `败`. Any part of it is found by its own pairs, a single
character as a prefix.

The words of an event come from its type, its source and every text in its data and metadata, except keys. Words of
fields that name other tasks are kept apart, since a reader may not know of those tasks. The search index holds the same
words and positions (`marcus_events.search.lexemes`), so it finds an event if and only if `Words.contains` does.

Positions have PostgreSQL's limits. Every word is found, but adjacent words only among the first MAX_POSITION words and
the first MAX_POSITIONS occurrences of a word. A gap separates texts, so that a phrase does not match across them. The
largest possible event fits into a tsvector.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from marcus_events.core.search_normalisation import MARKS, UNSPACED, has_marks_or_no_spaces, search_form

MAX_LETTERS = 100
# What stands between two texts that are gone through as one. It is nobody's text: no event has a NUL in it.
TEXT_BREAK = "\0"
LETTER = rf"[^\W_{UNSPACED}]"
LETTER_OR_MARK = rf"(?:{LETTER}|[{MARKS}])"
PAIR = rf"(?=([{UNSPACED}]{{1,2}}))[{UNSPACED}]"
# Most texts are ASCII, and most others have neither marks nor characters of scripts without spaces: both are gone
# through several times as fast.
ASCII = bytes(code if not code or chr(code).isalnum() else 32 for code in range(128)).ljust(256, b" ")
PLAIN = re.compile(rf"({TEXT_BREAK}|[^\W_]{{1,{MAX_LETTERS}}})[^\W_]*")
OTHER = re.compile(rf"{PAIR}|({TEXT_BREAK}|{LETTER}{LETTER_OR_MARK}{{,{MAX_LETTERS - 1}}}){LETTER_OR_MARK}*")
CONTAINERS = (dict, list)
IS_UNSPACED = re.compile(f"[{UNSPACED}]+")
# Of the texts of an event as UTF-8, once they are normalised. No event has as many, but some characters become up to
# eighteen. A tsvector holds 1 MiB, and takes up to 3.43 bytes for each of these ("字字a", with others each time).
MAX_BYTES = 290_000
MAX_POSITION = 16_383  # PostgreSQL keeps no greater one: what lies beyond counts as there
MAX_POSITIONS = 256  # of one word


def tokens(text: str) -> list[str]:
    """Return the words of a text, in order."""
    return [word for word in word_run([text]) if word != TEXT_BREAK]


def word_run(texts: Iterable[str]) -> list[str]:
    """Return the words of these texts, each at the index of its position less one, with TEXT_BREAK between texts."""
    return words_in(joined_search_form(texts))


def word_run_beside(texts: Iterable[str], others: Iterable[str]) -> list[str]:
    """Return the word run of as much of `others` as the index has room for beside `texts`; their lexemes are longer."""
    return words_in(truncate(joined_search_form(others), (MAX_BYTES - len(joined_search_form(texts).encode())) // 2))


def joined_search_form(texts: Iterable[str]) -> str:
    return truncate(search_form(f"{TEXT_BREAK} ".join(texts)))


def words_in(text: str) -> list[str]:
    if text.isascii():
        words = text.replace(TEXT_BREAK, f" {TEXT_BREAK}").encode().translate(ASCII).decode().split()
        return words if max(map(len, words), default=0) <= MAX_LETTERS else [word[:MAX_LETTERS] for word in words]
    if not has_marks_or_no_spaces(text):
        return PLAIN.findall(text)
    return [pair or word for pair, word in OTHER.findall(text)]


def truncate(text: str, max_bytes: int = MAX_BYTES) -> str:
    if len(text) <= max_bytes // 4:
        return text
    return text.encode()[:max_bytes].decode(errors="ignore")


def texts_in(value: object) -> list[str]:
    """Return every text in a JSON value, except keys."""
    if not isinstance(value, CONTAINERS):
        return [value] if isinstance(value, str) else []
    found: list[str] = []
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, str):
            found.append(item)
        elif isinstance(item, CONTAINERS):
            found += texts_in(item)
    return found


@dataclass(frozen=True)
class Words:
    """The words of an event, with the sorted positions of each."""

    places: dict[str, list[int]]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Words:
        return cls.in_run(word_run(texts))

    @classmethod
    def in_run(cls, run: Sequence[str]) -> Words:
        places: dict[str, list[int]] = {}
        for place, word in enumerate(run, 1):
            places.setdefault(word, []).append(place)
        places.pop(TEXT_BREAK, None)
        return cls(
            places if len(run) <= MAX_POSITIONS else {word: bound_places(found) for word, found in places.items()}
        )

    @cached_property
    def ordered(self) -> list[str]:
        return sorted(self.places)

    def beginning(self, prefix: str) -> Iterator[str]:
        """Yield the words with this prefix."""
        for n in range(bisect_left(self.ordered, prefix), len(self.ordered)):
            if not self.ordered[n].startswith(prefix):
                return
            yield self.ordered[n]

    def said(self, phrase: Phrase) -> bool:
        """Whether these words stand side by side in one text. No word at all is never said."""
        match phrase.words:
            case ():
                return False
            case (word,):
                return word in self.places or (phrase.is_prefix and any(self.beginning(word)))
        *first, last = phrase.words
        found = {place + len(first) for place in self.places.get(first[0], ())}
        for n, word in enumerate(first[1:], 1):
            found &= {place + len(first) - n for place in self.places.get(word, ())}
        lasts = self.beginning(last) if phrase.is_prefix else (last,)
        return any(not found.isdisjoint(self.places.get(word, ())) for word in lasts)


def bound_places(places: list[int]) -> list[int]:
    within = [place for place in places[:MAX_POSITIONS] if place < MAX_POSITION]
    return within if len(within) == min(len(places), MAX_POSITIONS) else [*within, MAX_POSITION]


@dataclass(frozen=True)
class Phrase:
    """Adjacent words; with `is_prefix` the last one is a prefix."""

    words: tuple[str, ...]
    is_prefix: bool = False


@lru_cache(maxsize=10_000)
def phrase(value: str) -> Phrase:
    """Parse a phrase: whole words, or with `*` at the end a prefix, as in `log*`.

    In scripts without spaces the end of a word is unknown, so the last character is always a prefix.
    """
    words = tuple(tokens(value))
    if not words or not is_single(words[-1]):
        return Phrase(words, value.endswith("*"))
    is_in_pair = len(words) > 1 and len(words[-2]) == 2 and IS_UNSPACED.fullmatch(words[-2])
    return Phrase(words[:-1]) if is_in_pair else Phrase(words, is_prefix=True)


def is_single(word: str) -> bool:
    return len(word) == 1 and IS_UNSPACED.match(word) is not None
