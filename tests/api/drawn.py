"""Hypothesis strategies for hostile input: almost valid events with everything that JSON, CloudEvents and HTTP
allow.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from hypothesis import strategies as st

from marcus_events.api.description.operations import PARAMETERS

texts = st.text(max_size=30) | st.sampled_from(
    ["", "\0", "\ud800", "\u202e", "é" * 300, "1e5000", "__proto__", "x" * 600]
)
numbers = st.integers() | st.floats() | st.sampled_from([2**53, -(2**53), 10**400, 1e300, 5e-324, -0.0, 1e22])
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)
moments = st.datetimes().map(str) | st.sampled_from(["2026-05-04T09:00:00Z", "0001-01-01T00:00:00+23:59", "now", "2h"])
NAMES = ("event_id", "event_type", "source", "timestamp", "data", "metadata", "position", "extra", "\ud800")
objects = st.dictionaries(
    st.sampled_from(["task_id", "board_id", "agent_id", "depends_on", "progress"]) | texts, values
)
events = st.fixed_dictionaries(
    {"event_type": st.sampled_from(["task_blocked", "task_created", "x"]) | values, "source": st.just("s") | values},
    optional={
        "event_id": st.sampled_from(["a", "b"]) | values,
        "timestamp": moments | values,
        "data": objects | values,
        "metadata": objects | values,
        **dict.fromkeys(NAMES[6:], values),
    },
)
ATTRIBUTES = (
    "datacontenttype",
    "dataschema",
    "subject",
    "traceparent",
    "correlationid",
    "boardid",
    "position",
    "a" * 21,
)
cloudevents = st.fixed_dictionaries(
    {"specversion": st.just("1.0") | values, "id": st.just("1") | values, "source": st.just("s") | values},
    optional={
        "type": st.just("task_started") | values,
        "time": moments | values,
        "data": values,
        "data_base64": st.binary(max_size=20).map(lambda raw: base64.b64encode(raw).decode()) | values,
        **dict.fromkeys(ATTRIBUTES, texts | values),
    },
)
wild = st.text(max_size=12) | st.binary(max_size=12).map(lambda raw: raw.decode("latin-1"))


def dumped(value: Any) -> bytes:
    """Serialise with NaN, Infinity and lone surrogates, as careless producers do."""
    return json.dumps(value, ensure_ascii=False).encode(errors="surrogatepass")


def escaped(value: Any) -> bytes:
    return json.dumps(value).encode()


bodies = st.one_of(events, st.lists(events, max_size=4), values).flatmap(
    lambda value: st.sampled_from([dumped(value), escaped(value)])
)


NAMED = st.sampled_from(["specversion", "id", "source", "type", "time", *ATTRIBUTES, "data", "a_b", ""])


def in_header(value: str) -> bytes:
    """Keep what a server would accept in a header: no control characters and no surrounding space."""
    return bytes(byte for byte in value.encode("latin-1", "replace") if byte >= 0x20 and byte != 0x7F).strip()


KINDS = st.sampled_from(
    [
        *("application/json", "application/cloudevents+json", "text/plain", "multipart/form-data", "*/*", ""),
        *("application/json;charset=zlib", "application/json; charset=utf-16", "application/json; a*=b'c'%41", ";;;"),
        *("application/cloudevents-batch+json;q=nan", "application/json, */*;q=-1", "application/json;charset=\xff"),
    ]
)
HEADERS = ("Content-Type", "Accept", "Content-Encoding", "Traceparent", "Cookie", "X-Forwarded-For", "Range", "Origin")


PATHS = (
    "events",
    "events/wait",
    "boards",
    "tasks",
    "blockers",
    "agents",
    "counters",
    "events/",
    "events/1",
    "nothing",
    "",
)
asked = st.dictionaries(
    st.sampled_from([*PARAMETERS]),
    texts | moments | numbers.map(str) | st.sampled_from(["-1", "٣", '"', "a:b", "9" * 5_000]),
)
