"""Split queries into words: `type:task_* board:"Storefront, new" login`.

A word is a list of values separated by commas, optionally with a field. Values with spaces, commas or quotation marks
are quoted. Within quotes, a backslash escapes a quotation mark or a backslash, and a colon does not separate a field.
"""

from __future__ import annotations

import re
from typing import NamedTuple

PLAIN = r'[^\s,"]+'
PIECE = re.compile(
    rf'"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>{PLAIN})|(?P<comma>,)|(?P<space>\s+)|(?P<unclosed>")', re.DOTALL
)


class QueryValue(NamedTuple):
    """One value of a word; its first `plain` characters came before any quotation mark."""

    text: str = ""
    plain: int = 0

    @property
    def is_quoted(self) -> bool:
        return self.plain < len(self.text)

    def and_plain(self, text: str) -> QueryValue:
        return QueryValue(self.text + text, self.plain + (0 if self.is_quoted else len(text)))

    def and_quoted(self, text: str) -> QueryValue:
        return QueryValue(self.text + text, self.plain)


def parse_words(query: str) -> list[list[QueryValue]]:
    """Parse a query into words, each a list of values. Raises ValueError."""
    found = [[QueryValue()]]
    for piece in PIECE.finditer(query):
        match piece.lastgroup:
            case "space":
                found.append([QueryValue()])
            case "comma":
                found[-1].append(QueryValue())
            case "unclosed":
                raise ValueError("a quotation mark is not closed")
            case "quoted":
                found[-1][-1] = found[-1][-1].and_quoted(re.sub(r'\\(["\\])', r"\1", piece["quoted"]))
            case _:
                found[-1][-1] = found[-1][-1].and_plain(piece[0])
    return [values for values in found if values != [QueryValue()]]


def split_words(query: str) -> list[str]:
    """Split a query into words as typed, so that one can be removed without changing the others."""
    found = [""]
    for piece in PIECE.finditer(query):
        if piece.lastgroup == "space":
            found.append("")
        else:
            found[-1] += piece[0]
    return [word for word in found if word]


def quote(value: str) -> str:
    """Quote a value so that `parse_words` reads it back."""
    return value if re.fullmatch(PLAIN, value) else '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'
