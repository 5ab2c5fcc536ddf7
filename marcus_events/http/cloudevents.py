"""Convert CloudEvents 1.0 to events and back, without losing an attribute.

| CloudEvents | an event here |
| --- | --- |
| `id`, `source`, `type`, `time` | `event_id`, `source`, `event_type`, `timestamp` |
| `data`, an object | `data` |
| any other `data` | `data.value`, or `data.base64` where it is binary and not of a JSON type |
| `correlationid`, `causationid`, `boardid`, and those of tracing | `correlation_id`, … in the metadata |
| every other attribute | `cloudevent` in the metadata, under its own name |
| `marcusposition`, `marcusrecordedat` (output only) | `position`, `recorded_at` |
| `marcusmetadata` (output only): JSON as a string | the rest of the metadata |

The CloudEvents SDK checks the attributes. It does not parse the JSON: it would accept numbers that other readers cannot
read.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from cloudevents.core.exceptions import CloudEventValidationError, CustomExtensionAttributeError
from cloudevents.core.spec import SPECVERSION_V1_0
from cloudevents.core.v1.event import CloudEvent

from marcus_events.core.cloudevent_identity import (
    ABSENT,
    ATTRIBUTES,
    BINARY,
    CONTENT_TYPE,
    DATA_FORM,
    VALUE,
    as_text,
    is_json,
)
from marcus_events.core.event import Event, InvalidEvent, RecordedEvent, parse_timestamp, utc_now
from marcus_events.core.event_types import canonical
from marcus_events.core.payload import check_text, serialise
from marcus_events.core.problem import Problem
from marcus_events.http.json_body import parse

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
HEADER_PREFIX = "ce-"  # what the headers of binary mode begin with
CORE_ATTRIBUTES = ("id", "source", "type", "time")
IN_METADATA = {
    "correlationid": "correlation_id",
    "causationid": "causation_id",
    "boardid": "board_id",
    "traceparent": "traceparent",
    "tracestate": "tracestate",
}
ADDED_ATTRIBUTES = ("marcusposition", "marcusrecordedat", "marcusmetadata")  # what we say of it when it is given out
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
ESCAPED = re.compile(r"\\(.)")


def from_structured(stated: Any) -> Event:
    """Convert a CloudEvent in JSON to an event. Raises InvalidEvent."""
    if not isinstance(stated, Mapping):
        raise InvalidEvent("", "a CloudEvent must be a JSON object")
    known = {name: value for name, value in stated.items() if value is not None or name == "data"}
    if "data" in known and "data_base64" in known:
        raise InvalidEvent("/data_base64", "cannot be combined with data; a CloudEvent has one of the two")
    value, encoded = known.pop("data", None), known.pop("data_base64", None)
    if isinstance(encoded, str) and is_json(str(known.get(CONTENT_TYPE, ""))):
        form, data = decode_base64_json(check_base64(encoded))
    else:
        form, data = decode_data(value, encoded, "data" in stated)
    return build_event(known, form, data)


def decode_base64_json(encoded: str) -> tuple[str, dict[str, Any]]:
    """Decode base64 of JSON; bytes that are not JSON stay base64."""
    try:
        return decode_data(parse(base64.b64decode(encoded)), None, True)
    except Problem:
        return decode_data(None, encoded, True)


def decode_data(value: Any, encoded: Any, is_there: bool) -> tuple[str, dict[str, Any]]:
    """Return the form in which the data was sent, and the data as an event stores it."""
    if encoded is not None:
        return BINARY, {BINARY: check_base64(encoded)}
    if not is_there:
        return ABSENT, {}
    return ("", value) if isinstance(value, dict) else (VALUE, {VALUE: value})


def from_binary(headers: Mapping[str, str], body: bytes) -> Event:
    """Convert a request in binary mode to an event. Raises InvalidEvent, or Problem if the body is not JSON.

    The names of the headers are in lower case.
    """
    named = {name.removeprefix(HEADER_PREFIX): value for name, value in headers.items() if is_attribute(name)}
    attributes = {name: decode_header(name, value) for name, value in named.items()}
    if content_type := headers.get("content-type", ""):
        attributes[CONTENT_TYPE] = content_type
    try:
        return build_event(attributes, *decode_body(body, content_type))
    except Problem as problem:
        problem.more["event_id"] = attributes.get("id", "")
        raise


def event_id_in(headers: Mapping[str, str]) -> str:
    """Return the id of an event in binary mode, for the answer to a rejected one; "" if it cannot be read."""
    try:
        return decode_header("id", headers.get(f"{HEADER_PREFIX}id", ""))
    except InvalidEvent:
        return ""


def is_attribute(header: str) -> bool:
    return header.startswith(HEADER_PREFIX)


def decode_header(name: str, value: str) -> str:
    """Decode a header's value: ASCII with percent-encoded UTF-8. Raises InvalidEvent.

    Earlier versions of the HTTP binding put the value into double quotes, with backslash escapes.
    """
    if quoted := QUOTED.fullmatch(value):
        value = ESCAPED.sub(r"\1", quoted[1])
    try:
        value.encode("ascii")
        return unquote(value, errors="strict")
    except UnicodeError:
        raise InvalidEvent(f"/{name}", "must be percent-encoded UTF-8 in a header") from None


def decode_body(body: bytes, content_type: str) -> tuple[str, dict[str, Any]]:
    if not body:
        return ABSENT, {}
    if is_json(content_type) and not is_bare_text(body):
        return decode_data(parse(body), None, True)
    try:
        return decode_data(decode_text(body) if content_type else parse(body), None, True)
    except (UnicodeDecodeError, InvalidEvent, Problem):
        return decode_data(None, base64.b64encode(body).decode(), True)


def is_bare_text(body: bytes) -> bool:
    """Whether the body is a string without JSON's quotation marks: SDKs send strings so, with a JSON content type."""
    if body.lstrip()[:1] in (b"{", b"[", b'"'):
        return False
    try:
        parse(body)
    except Problem as problem:
        return problem.status == HTTPStatus.BAD_REQUEST
    return False


def decode_text(body: bytes) -> str:
    """Decode a body to a text that an event can hold. Raises UnicodeDecodeError or InvalidEvent."""
    text = body.decode()
    check_text(text, "")
    return text


def build_event(attributes: dict[str, Any], form: str, data: dict[str, Any]) -> Event:
    time = attributes.get("time")
    moment = utc_now() if time is None else parse_timestamp(time, "/time")
    check_attributes(attributes | {"time": moment})
    others = {name: value for name, value in attributes.items() if name not in (*CORE_ATTRIBUTES, *IN_METADATA)}
    metadata = {IN_METADATA[name]: as_text(attributes[name]) for name in IN_METADATA if name in attributes}
    metadata[ATTRIBUTES] = others | ({DATA_FORM: form} if form else {})
    return Event(attributes["id"], moment, attributes["type"], attributes["source"], data, metadata)


def check_attributes(attributes: dict[str, Any]) -> None:
    """Check the attributes with the SDK, and that each is a string, a number or a boolean. Raises InvalidEvent."""
    try:
        CloudEvent(attributes | {"id": attributes.get("id"), "specversion": attributes.get("specversion")})
    except CloudEventValidationError as error:
        name, found = next(iter(error.errors.items()))
        raise InvalidEvent(*pointer_and_reason(name, found[0])) from None
    for name, value in attributes.items():
        if not isinstance(value, str | int | float | datetime):
            raise InvalidEvent(f"/{name}", "must be a string, a number or a boolean")


def pointer_and_reason(name: str, error: Exception) -> tuple[str, str]:
    """Describe the SDK's error. Its own message for an invalid name would repeat the name."""
    if isinstance(error, CustomExtensionAttributeError):
        return "", "has an attribute whose name is not lowercase letters and digits"
    return f"/{name}", str(error)


def check_base64(encoded: Any) -> str:
    try:
        if isinstance(encoded, str):
            base64.b64decode(encoded, validate=True)
            return encoded
    except (binascii.Error, ValueError):
        pass
    raise InvalidEvent("/data_base64", "is not base64")


def to_structured(recorded: RecordedEvent) -> dict[str, Any]:
    """Convert a recorded event to a CloudEvent in JSON, with its position and all of its attributes."""
    metadata = dict(recorded.metadata)
    others = metadata.pop(ATTRIBUTES, None)
    others = others if isinstance(others, dict) else {}
    named = {name: metadata.pop(key) for name, key in IN_METADATA.items() if isinstance(metadata.get(key), str)}
    stated_type = str(metadata.pop("original_type", recorded.event_type))
    rest = {"marcusmetadata": serialise(metadata)} if metadata else {}
    return {
        "specversion": SPECVERSION_V1_0,
        "id": recorded.event.event_id,
        "source": recorded.source,
        "type": stated_type if canonical(stated_type) == recorded.event_type else recorded.event_type,
        "time": recorded.timestamp.isoformat(),
        "marcusposition": recorded.position,
        "marcusrecordedat": recorded.recorded_at.isoformat(),
        **rest,
        **named,
        **{name: value for name, value in others.items() if is_extension(name, value)},
        **encode_data(recorded.data, others.get(DATA_FORM)),
    }


def is_extension(name: str, value: object) -> bool:
    """Whether this is a valid extension attribute: any producer may have written the metadata."""
    if name in (*CORE_ATTRIBUTES, *ADDED_ATTRIBUTES, "specversion", DATA_FORM) or not isinstance(
        value, str | int | float
    ):
        return False
    try:
        CloudEvent({"id": "1", "source": "s", "type": "t", "specversion": SPECVERSION_V1_0, name: value})
    except CloudEventValidationError:
        return False
    return True


def encode_data(data: dict[str, Any], form: object) -> dict[str, Any]:
    if form == ABSENT and not data:
        return {}
    if form == VALUE and VALUE in data:
        return {"data": data[VALUE]}
    return {"data_base64": data[BINARY]} if form == BINARY and is_base64(data.get(BINARY)) else {"data": data}


def is_base64(found: object) -> bool:
    """Whether the value is base64: any producer may have written that form into the metadata."""
    try:
        check_base64(found)
    except InvalidEvent:
        return False
    return True
