"""Normalise CloudEvents, so that an event has the same digest in structured, binary and batch mode.

The modes differ in more than syntax: only some name the content type, or its charset; bytes are base64 or the body; a
number or a boolean attribute becomes a string in a header. The digest is computed from the result of `identity_of`; the
log stores the form that was sent.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from marcus_events.core.payload import serialise

ATTRIBUTES = "cloudevent"  # in the metadata: the attributes without a field of their own
DATA_FORM = "data"  # no attribute may be called so: there it says in what form `data` came, where it was no object
ABSENT, VALUE, BINARY = "absent", "value", "base64"
CONTENT_TYPE = "datacontenttype"
JSON = "application/json"  # also where no type is named


def identity_of(data: dict[str, Any], metadata: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the data and metadata in one form for all modes; unchanged for an event that is not a CloudEvent."""
    attributes = metadata.get(ATTRIBUTES)
    if not isinstance(attributes, dict):
        return data, metadata
    content_type = media_type(attributes.get(CONTENT_TYPE))
    form, data = normalise_data(attributes.get(DATA_FORM, ""), data, content_type)
    plain_attributes = {
        name: as_text(value) for name, value in attributes.items() if name not in (DATA_FORM, CONTENT_TYPE)
    }
    if form != ABSENT:
        plain_attributes[CONTENT_TYPE] = content_type
    if form:
        plain_attributes[DATA_FORM] = form
    return data, metadata | {ATTRIBUTES: plain_attributes}


def media_type(stated: object) -> str:
    """Return a content type in lower case, without a charset of UTF-8, which is the default."""
    if not isinstance(stated, str) or not stated.strip():
        return JSON
    name, *parameters = [part.strip() for part in stated.split(";")]
    return "; ".join([name.lower(), *(each for each in parameters if not is_utf8(each))])


def is_utf8(parameter: str) -> bool:
    return parameter.replace(" ", "").replace('"', "").lower() in ("charset=utf-8", "charset=utf8", "charset=us-ascii")


def is_json(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower().endswith(("/json", "+json"))


def normalise_data(form: object, data: dict[str, Any], content_type: str) -> tuple[str, dict[str, Any]]:
    """Decode bytes to JSON or text. No data and null are the same, since binary mode cannot distinguish them."""
    if form == BINARY and isinstance(data.get(BINARY), str):
        form, data = decode_base64(data, content_type)
    if form == VALUE and data == {VALUE: None}:
        return ABSENT, {}
    return (form if isinstance(form, str) else ""), data


def decode_base64(data: dict[str, Any], content_type: str) -> tuple[str, dict[str, Any]]:
    try:
        body = base64.b64decode(data[BINARY], validate=True).decode()
    except ValueError:
        return BINARY, data
    if is_json(content_type):
        try:
            found = json.loads(body, parse_constant=reject_constant)
            serialise(found).encode()  # not 1e999, and no half of a surrogate pair
        except (ValueError, RecursionError):
            return VALUE, {VALUE: body}
        return ("", found) if isinstance(found, dict) else (VALUE, {VALUE: found})
    return VALUE, {VALUE: body}


def reject_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def as_text(value: object) -> object:
    """Return an attribute in the form of a header."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value
