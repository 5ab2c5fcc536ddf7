"""The words of a query, as people type them: `type:task_* board:"Storefront, new" login`.

A word is a list of values between commas, which may be those of a field. A value with spaces, commas or quotation marks
stands in quotation marks; within them, a backslash before a quotation mark or a backslash takes it literally, and a
colon names no field.
"""

from __future__ import annotations

import re
from typing import NamedTuple

PLAIN = r'[^\s,"]+'
PIECE = re.compile(
    rf'"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>{PLAIN})|(?P<comma>,)|(?P<space>\s+)|(?P<unclosed>")', re.DOTALL
)


class QueryValue(NamedTuple):
    """One value of a word; the first `plain` of its characters stood before any quotation mark."""

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
    """The words of a query, each as its values. Raises ValueError."""
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
    """The words of a query as they stand in it, so that one can be taken out and the others stay as they are."""
    found = [""]
    for piece in PIECE.finditer(query):
        if piece.lastgroup == "space":
            found.append("")
        else:
            found[-1] += piece[0]
    return [word for word in found if word]


def quote(value: str) -> str:
    """The value as `words` reads it."""
    return value if re.fullmatch(PLAIN, value) else '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'
