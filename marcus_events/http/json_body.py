"""JSON as it comes in: parsed once, strictly. Of a key that is given twice the last value counts.

What may stand in an event is checked where it is taken in; here is refused what is not JSON at all.
"""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import Any

from marcus_events.core.problem import Problem

MAX_BODY = 1024 * 1024  # bytes
LARGE = 32 * 1024  # bytes or characters, from which on it is read and checked in a thread: 1 MiB takes half a second
MAX_VALUES = 100_000  # in a body: 1 MiB of “[]” would be twenty times as much memory, and a second's work
STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)  # or what is left, where it is not closed: linear
MAX_DIGITS = 40  # to tell that a number is beyond every limit; reading a million of them would take minutes


def parse(body: bytes) -> Any:
    """Raises Problem."""
    check_values(body)
    try:
        return json.loads(body.decode(), parse_int=parse_integer, parse_constant=reject_constant)
    except UnicodeDecodeError as error:
        raise invalid_json(f"The body is not UTF-8: {error.reason}, byte {error.start}.") from error
    except RecursionError as error:
        raise invalid_json("The body is nested too deeply.", "depth") from error
    except ValueError as error:
        raise invalid_json(f"The body is not JSON: {error}.") from error


def check_values(body: bytes) -> None:
    """Raises Problem. Whatever stands between commas and within brackets is a value, though not within a text."""
    if count_values(body) > MAX_VALUES and count_values(STRING.sub(b"", body)) > MAX_VALUES:
        detail = f"The body contains more than {MAX_VALUES} values; send smaller batches."
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail, limit="body_values")


def count_values(body: bytes) -> int:
    """Nearly so many: each stands behind one of these, but for the first; an empty array counts as one, too."""
    return sum(map(body.count, (b",", b"[", b"{")))


def invalid_json(detail: str, limit: str | None = None) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, detail, limit=limit)


def parse_integer(digits: str) -> int:
    return int(digits[:MAX_DIGITS])


def reject_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def check_size(body: bytes) -> bytes:
    """Raises Problem. Servers may have read more than we want of one without a length."""
    if len(body) > MAX_BODY:
        raise too_large()
    return body


def too_large() -> Problem:
    """In the same words wherever it is noticed, by the server's gate and in front of Django as well."""
    detail = f"The body is larger than {MAX_BODY} bytes; send smaller batches."
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail, limit="body_bytes")
