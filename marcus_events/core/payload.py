"""Check payloads, which may be hostile, before they are stored.

The limits ensure that every reader gets an equal event back. PostgreSQL's jsonb accepts numbers that no client can
read, returns 1e300 as an integer of 301 digits, and rejects NUL; JSON allows lone surrogates, which no file can hold.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from marcus_events.core.event import InvalidEvent

MAX_EVENT_BYTES = 256 * 1024  # of data and metadata together, as UTF-8 JSON
MAX_DEPTH = 32  # objects and arrays within one another
MAX_KEYS = 1_000  # of an event, over all objects within one another
MAX_KEY_BYTES = 256
MAX_NUMBER = 2**53 - 1  # above, JavaScript rounds in silence
MAX_NAME_BYTES = 512  # of event_id, source, event_type
SHORT_NAME = MAX_NAME_BYTES // 4  # characters: a name of so many is within the limit, since each takes 4 bytes at most
CANONICAL = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)
SMALL = 1e-4  # from here on downwards Python writes numbers with an exponent


def check_name(value: object, pointer: str) -> str:
    """Check a short, non-empty text such as an id or a type. Raises InvalidEvent."""
    if not isinstance(value, str) or not value.strip():
        raise InvalidEvent(pointer, "must be a non-empty string")
    if len(value) <= MAX_NAME_BYTES and value.isascii() and "\0" not in value:  # as nearly all names are
        return value
    check_text(value, pointer)
    if len(value.encode()) > MAX_NAME_BYTES:
        raise InvalidEvent(pointer, f"is longer than {MAX_NAME_BYTES} bytes", "name_bytes")
    return value


def name_in(value: object) -> str | None:
    """Return the id of a board, task or agent in a checked field, truncated to fit into an index; None without one.

    A whole number is an id. Other numbers are not, since their text is ambiguous: 1.10 arrives as 1.1.
    """
    if isinstance(value, str):
        if not value.strip():
            return None
        return value if len(value) <= SHORT_NAME else value.encode()[:MAX_NAME_BYTES].decode(errors="ignore")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(int(value)) if float(value).is_integer() else None
    return None


def check_is_object(value: object, pointer: str) -> dict[str, Any]:
    """Check that the value is a JSON object, not its content. Raises InvalidEvent."""
    if not isinstance(value, dict):
        raise InvalidEvent(pointer, "must be an object")
    return value


def check_payload(data: object, metadata: object) -> tuple[str, str]:
    """Check the data and the metadata together and return their canonical JSON.

    Raises InvalidEvent with the pointer and the limit.
    """
    keys = check_object(data, "/data")
    check_object(metadata, "/metadata", keys)
    texts = serialise(data), serialise(metadata)
    sizes = [
        len(text.encode()) + extra_zero_bytes(value, text) for value, text in zip((data, metadata), texts, strict=True)
    ]
    if sum(sizes) > MAX_EVENT_BYTES:
        place = "/data" if sizes[0] >= sizes[1] else "/metadata"
        raise InvalidEvent(place, f"makes the event larger than {MAX_EVENT_BYTES} bytes", "event_bytes")
    return texts


def serialise(value: Any) -> str:
    """Return canonical JSON: compact, with sorted keys, so that equal values have equal text."""
    return CANONICAL.encode(value)


def extra_zero_bytes(value: Any, text: str) -> int:
    """Return how many bytes longer PostgreSQL's text is: it writes 5e-324 with all zeros."""
    if "e-" not in text:
        return 0
    numbers = (abs(item) for _, item in walk(value, []) if isinstance(item, float))
    return sum(-math.floor(math.log10(number)) for number in numbers if 0 < number < SMALL)


def check_object(value: object, pointer: str, keys: int = 0) -> int:
    """Check an object and return its number of keys added to `keys`. Raises InvalidEvent."""
    steps: list[str | int] = []
    for depth, item in walk(check_is_object(value, pointer), steps):
        keys += len(item) if isinstance(item, dict) else 0
        if keys > MAX_KEYS:
            raise InvalidEvent(pointer, f"gives the event more than {MAX_KEYS} keys", "keys")
        try:
            check_value(item, depth)
        except InvalidEvent as error:
            raise InvalidEvent(pointer + pointer_of(steps), error.reason, error.limit) from None
    return keys


def walk(root: Any, steps: list[str | int]) -> Iterator[tuple[int, Any]]:
    """Yield `root` and every nested value with its depth; without recursion, which an attacker could exhaust.

    `steps` holds the path to the current value: a pointer for each value could take gigabytes, with long keys above a
    long list. The caller checks a value before its children are read.
    """
    yield 1, root
    todo = [children(root)]
    while todo:
        for step, item in todo[-1]:
            steps[len(todo) - 1 :] = [step]
            yield len(todo) + 1, item
            if isinstance(item, dict | list | tuple):
                todo.append(children(item))
                break
        else:
            todo.pop()


def children(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return iter(value.items())
    return iter(enumerate(value)) if isinstance(value, list | tuple) else iter(())


def pointer_of(steps: list[str | int]) -> str:
    return "".join(f"/{escape(str(step))}" for step in steps)


def escape(key: str) -> str:
    """Escape a key for a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def check_value(item: object, depth: int) -> None:
    """Check one value without its children. The caller adds the pointer to the error."""
    if depth > MAX_DEPTH:
        raise InvalidEvent("", f"is nested deeper than {MAX_DEPTH} levels", "depth")
    match item:
        case dict():
            for key in item:
                check_key(key)
        case str():
            check_text(item, "")
        case bool() | None | list() | tuple():
            pass
        case int() | float():
            check_number(item)
        case _:
            raise InvalidEvent("", f"is a {type(item).__name__}, which JSON does not have")


def check_number(number: int | float) -> None:
    if isinstance(number, float) and not math.isfinite(number):
        raise InvalidEvent("", "is not a finite number", "number")
    if abs(number) > MAX_NUMBER:
        raise InvalidEvent("", "is a number beyond 2^53-1; send it as a string", "number")


def check_key(key: object) -> None:
    if not isinstance(key, str):
        raise InvalidEvent("", "has a key that is not a string")
    check_text(key, "", "has a key that contains")
    if len(key.encode()) > MAX_KEY_BYTES:
        raise InvalidEvent("", f"has a key longer than {MAX_KEY_BYTES} bytes", "key_bytes")


def check_text(text: str, place: str, contains: str = "contains") -> None:
    if "\0" in text:
        raise InvalidEvent(place, f"{contains} the character NUL", "text")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidEvent(place, f"{contains} half of a surrogate pair", "text") from None
