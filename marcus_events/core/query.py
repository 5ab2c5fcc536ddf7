"""The words of a query, as people type them: `type:task_* board:"Storefront, new"`.

A word is a list of values between commas. A value with spaces, commas or quotation marks stands in quotation marks;
within them, a backslash before a quotation mark or a backslash takes it literally.
"""

from __future__ import annotations

import re

PLAIN = r'[^\s,"]+'
PIECE = re.compile(
    rf'"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>{PLAIN})|(?P<comma>,)|(?P<space>\s+)|(?P<unclosed>")', re.DOTALL
)


def words(query: str) -> list[list[str]]:
    """The words of a query, each as its values. Raises ValueError."""
    found = [[""]]
    for piece in PIECE.finditer(query):
        match piece.lastgroup:
            case "space":
                found.append([""])
            case "comma":
                found[-1].append("")
            case "unclosed":
                raise ValueError("a quotation mark is not closed")
            case _:
                found[-1][-1] += unquote(piece)
    return [values for values in found if values != [""]]


def written(query: str) -> list[str]:
    """The words of a query as they stand in it, so that one can be taken out and the others stay as they are."""
    found = [""]
    for piece in PIECE.finditer(query):
        if piece.lastgroup == "space":
            found.append("")
        else:
            found[-1] += piece[0]
    return [word for word in found if word]


def unquote(piece: re.Match[str]) -> str:
    quoted = piece["quoted"]
    return piece["plain"] if quoted is None else re.sub(r'\\(["\\])', r"\1", quoted)


def quote(value: str) -> str:
    """The value as `words` reads it."""
    return value if re.fullmatch(PLAIN, value) else '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'
