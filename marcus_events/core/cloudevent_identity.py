"""What makes two CloudEvents the same event, in whichever form they were sent.

An SDK sends one event in structured mode, in binary mode or in a batch, and the forms differ in more than their syntax:
only some name the content type, or its charset; bytes come as base64 or as a body; a number or a boolean among the
attributes becomes a text in a header. The digest of an event is computed from what `identity_of` returns, in which all
forms are alike. What is stored keeps the form in which it came.
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
    """The data and metadata alike for every form of the same CloudEvent; any other event's as they are."""
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
    """A content type in lower case without a charset that says UTF-8, which is what everybody sends."""
    if not isinstance(stated, str) or not stated.strip():
        return JSON
    name, *parameters = [part.strip() for part in stated.split(";")]
    return "; ".join([name.lower(), *(each for each in parameters if not is_utf8(each))])


def is_utf8(parameter: str) -> bool:
    return parameter.replace(" ", "").replace('"', "").lower() in ("charset=utf-8", "charset=utf8", "charset=us-ascii")


def is_json(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower().endswith(("/json", "+json"))


def normalise_data(form: object, data: dict[str, Any], content_type: str) -> tuple[str, dict[str, Any]]:
    """Bytes as the JSON or the text that they hold; no data and null are alike, since a header cannot tell them."""
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
    """An attribute as a header has it."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value
