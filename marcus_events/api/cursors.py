"""Keyset pagination: each page begins after the last row of the page before, whatever is added or removed."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from marcus_events.api.query_fields import CURSOR, ROWS
from marcus_events.core.event import InvalidEvent, parse_timestamp
from marcus_events.core.payload import check_text
from marcus_events.http.query_params import MAX_POSITION, invalid_parameter

Keys = dict[str, type]  # the columns that rows are ordered by, which no two share


def page(request: HttpRequest, rows: QuerySet[Any], keys: Keys) -> tuple[list[Any], str | None]:
    """The rows that the request asks for, and the cursor of the next page. Raises Problem."""
    limit = ROWS.of(request)
    if cursor := CURSOR.of(request):
        rows = rows.filter(beyond(list(keys), read(cursor, keys)))
    found = list(rows.order_by(*keys)[: limit + 1])
    return found[:limit], cursor_of(found[limit - 1], keys) if len(found) > limit else None


def beyond(names: Sequence[str], values: Sequence[Any]) -> Q:
    found = Q(pk__in=[])
    for n, name in enumerate(names):
        found |= Q(**dict(zip(names[:n], values, strict=False)), **{f"{name}__gt": values[n]})
    return found


def cursor_of(row: Any, keys: Keys) -> str:
    values = [getattr(row, name) for name in keys]
    stated = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(stated).encode()).decode().rstrip("=")


def read(cursor: str, keys: Keys) -> list[Any]:
    """The values in a cursor. Raises Problem if it is not one that an answer gave."""
    try:
        stated = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(stated, list) or len(stated) != len(keys):
            raise ValueError
        return [value_of(value, kind) for value, kind in zip(stated, keys.values(), strict=True)]
    except (ValueError, binascii.Error, InvalidEvent, RecursionError):
        raise invalid_parameter("cursor", "is not a cursor from a previous response") from None


def value_of(value: Any, kind: type) -> Any:
    if kind is datetime and isinstance(value, str):
        return parse_timestamp(value)
    if type(value) is not kind:
        raise ValueError
    if isinstance(value, int) and not 0 <= value <= MAX_POSITION:
        raise ValueError
    if isinstance(value, str):
        check_text(value, "cursor")
    return value
