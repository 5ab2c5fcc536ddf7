"""JSON as HTML in which objects and lists can be folded."""

from __future__ import annotations

import json
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

MAX_VALUES = 2_000  # shown as a tree; more would be slow to lay out
MAX_DEPTH = 12
OPEN_UP_TO = 20  # entries of an object or a list that begins unfolded


def folded(value: Any) -> SafeString | None:
    """Return the lines of a JSON value; None if it has too many values for a tree."""
    return lines(value, "", "", 0) if size(value) <= MAX_VALUES else None


def size(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(size(each) for each in inner)


def lines(value: Any, key: str, comma: str, depth: int) -> SafeString:
    """Return one value with its key, and what is in it."""
    if not isinstance(value, dict | list) or not value or depth > MAX_DEPTH:
        return format_html("<div>{}{}{}</div>", key_html(key), json.dumps(value, ensure_ascii=False), comma)
    if isinstance(value, dict):
        begin, end, noun = "{", "}", "field"
        pairs = [(json.dumps(name, ensure_ascii=False), each) for name, each in value.items()]
    else:
        begin, end, noun = "[", "]", "item"
        pairs = [("", each) for each in value]
    commas = ["," for _ in pairs[1:]] + [""]
    inner = format_html_join(
        "", "{}", ((lines(each, name, after, depth + 1),) for (name, each), after in zip(pairs, commas, strict=True))
    )
    if depth == 0:
        return format_html("<div>{}</div><div>{}</div><div>{}</div>", begin, inner, end)
    return format_html(
        '<details{}><summary>{}{} <span class="muted">{} {}{}</span></summary><div>{}</div>{}{}</details>',
        mark_safe(" open") if len(pairs) <= OPEN_UP_TO else "",
        key_html(key),
        begin,
        len(pairs),
        noun,
        "" if len(pairs) == 1 else "s",
        inner,
        end,
        comma,
    )


def key_html(key: str) -> SafeString:
    return format_html("<span>{}</span>: ", key) if key else mark_safe("")
