"""Parse JSON bodies strictly. If a key occurs twice, the last value counts.

This rejects what is not JSON; `core.payload` checks what an event may contain.
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
    """Parse a JSON body. Raises Problem."""
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
    """Check that the body holds at most MAX_VALUES values, not counting inside strings. Raises Problem."""
    if count_values(body) > MAX_VALUES and count_values(STRING.sub(b"", body)) > MAX_VALUES:
        detail = f"The body contains more than {MAX_VALUES} values; send smaller batches."
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail, limit="body_values")


def count_values(body: bytes) -> int:
    """Estimate the number of values by the separators before them; an empty array counts as one."""
    return sum(map(body.count, (b",", b"[", b"{")))


def invalid_json(detail: str, limit: str | None = None) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, detail, limit=limit)


def parse_integer(digits: str) -> int:
    return int(digits[:MAX_DIGITS])


def reject_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def check_size(body: bytes) -> bytes:
    """Check the size of a body, which may have come without a Content-Length. Raises Problem."""
    if len(body) > MAX_BODY:
        raise too_large()
    return body


def too_large() -> Problem:
    """Return the Problem of a body that is too large, the same from the server, the middleware and the views."""
    detail = f"The body is larger than {MAX_BODY} bytes; send smaller batches."
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail, limit="body_bytes")
