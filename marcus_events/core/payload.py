"""Payloads are hostile: what an event may carry, checked before anything is stored.

The limits are those that keep every stored event readable again, and equal, by every reader. PostgreSQL's jsonb takes
numbers that no client can read back, gives 1e300 back as an integer of 301 digits, and refuses NUL; JSON takes lone
surrogates that no file can hold.
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


def check_name(value: object, pointer: str) -> str:
    """A short, non-empty text such as an id or a type. Raises InvalidEvent."""
    if not isinstance(value, str) or not value.strip():
        raise InvalidEvent(pointer, "must be a non-empty string")
    check_text(value, pointer)
    if len(value.encode()) > MAX_NAME_BYTES:
        raise InvalidEvent(pointer, f"is longer than {MAX_NAME_BYTES} bytes", "name_bytes")
    return value


def name_in(value: object) -> str | None:
    """The id of a board, task or agent in a field of checked data, cut where it is too long for an index; or None."""
    if not isinstance(value, str) or not value.strip():
        return None
    return value.encode()[:MAX_NAME_BYTES].decode(errors="ignore")


def is_object(value: object, pointer: str) -> dict[str, Any]:
    """A JSON object, as yet of any content. Raises InvalidEvent."""
    if not isinstance(value, dict):
        raise InvalidEvent(pointer, "must be an object")
    return value


def check_payload(data: object, metadata: object) -> tuple[str, str]:
    """The data and the metadata of an event as our own JSON: two objects that are within all limits together. Raises
    InvalidEvent naming the limit and the place.
    """
    keys = check_object(data, "/data")
    check_object(metadata, "/metadata", keys)
    texts = serialise(data), serialise(metadata)
    if sum(len(text.encode()) for text in texts) > MAX_EVENT_BYTES:
        place = "/data" if len(texts[0]) >= len(texts[1]) else "/metadata"
        raise InvalidEvent(place, f"makes the event larger than {MAX_EVENT_BYTES} bytes", "event_bytes")
    return texts


def check_object(value: object, pointer: str, keys: int = 0) -> int:
    """How many keys there are with these, beside `keys` that were counted already. Raises InvalidEvent."""
    for place, depth, item in walk(is_object(value, pointer), pointer):
        if depth > MAX_DEPTH:
            raise InvalidEvent(place, f"is nested deeper than {MAX_DEPTH} levels", "depth")
        keys += len(item) if isinstance(item, dict) else 0
        if keys > MAX_KEYS:
            raise InvalidEvent(pointer, f"makes the event have more than {MAX_KEYS} keys", "keys")
        check_value(item, place)
    return keys


def serialise(value: Any) -> str:
    """Our own JSON of a checked value: compact, keys in order, so that equal values have equal text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)


def walk(root: Any, pointer: str) -> Iterator[tuple[str, int, Any]]:
    """`root` and every value below it with its JSON pointer and depth; without recursion, which an attacker could
    exhaust. What a value holds is looked at after the caller has checked the value itself.
    """
    todo: list[tuple[str, int, Any]] = [(pointer, 1, root)]
    while todo:
        place, depth, item = todo.pop()
        yield place, depth, item
        if isinstance(item, dict):
            todo += [(f"{place}/{escape(key)}", depth + 1, child) for key, child in item.items()]
        elif isinstance(item, list | tuple):
            todo += [(f"{place}/{index}", depth + 1, child) for index, child in enumerate(item)]


def escape(key: str) -> str:
    """A checked key as a step of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def check_value(item: object, place: str) -> None:
    match item:
        case dict():
            for key in item:
                check_key(key, place)
        case str():
            check_text(item, place)
        case bool() | None | list() | tuple():
            pass
        case int() | float():
            check_number(item, place)
        case _:
            raise InvalidEvent(place, f"is a {type(item).__name__}, which JSON does not have")


def check_number(number: int | float, place: str) -> None:
    if isinstance(number, float) and not math.isfinite(number):
        raise InvalidEvent(place, "is not a finite number", "number")
    if abs(number) > MAX_NUMBER:
        raise InvalidEvent(place, "is a number beyond 2^53-1; send it as a string", "number")


def check_key(key: object, place: str) -> None:
    if not isinstance(key, str):
        raise InvalidEvent(place, "has a key that is not a string")
    check_text(key, place, "has a key that contains")
    if len(key.encode()) > MAX_KEY_BYTES:
        raise InvalidEvent(place, f"has a key longer than {MAX_KEY_BYTES} bytes", "key_bytes")


def check_text(text: str, place: str, contains: str = "contains") -> None:
    if "\0" in text:
        raise InvalidEvent(place, f"{contains} the character NUL", "text")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidEvent(place, f"{contains} half of a surrogate pair", "text") from None
