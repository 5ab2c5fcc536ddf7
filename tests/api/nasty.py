"""Payloads that commonly break systems, as values and as keys, each with the expected outcome.

What is `TAKEN` is stored and read back equal; what is `REFUSED` names the place and, where there is one, the limit.
"""

from __future__ import annotations

import json
from typing import Any

from marcus_events.core.payload import (
    MAX_DEPTH,
    MAX_EVENT_BYTES,
    MAX_KEY_BYTES,
    MAX_KEYS,
    MAX_NAME_BYTES,
    MAX_NUMBER,
)

TEXTS = {
    "html": "\"><img src=x onerror=alert(1)>'</script><svg onload=x>&amp;&#0;{{ 7 }}{% now %}",
    "comment": "--><!-- ]]> <![CDATA[",
    "javascript": "javascript:alert`1`//${7*7}\u2028\u2029",
    "sql": "'; DROP TABLE event; -- %s %(x)s \\",
    "formula": '=HYPERLINK("http://127.0.0.1","x")\r\n+1\t-1 @SUM(1)',
    "terminal": "\x1b]0;owned\x07\x1b[2J\x1b[31m\x9b31m\x08\x7f",
    "control": "".join(map(chr, range(1, 32))),
    "right to left": "\u202etxt.exe\u202c \u2066\u05d0\u05d1\u2069 \u061c\u200f",
    "zero width": "a\u200bb\u200cc\u200dd\ufeffe\u2060f\u00ad",
    "stacked": "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324" * 20,
    "emoji": "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f3f4\U000e0067 \U0001f1e9\U0001f1ea",
    "noncharacters": "\ufffe\uffff\U0010ffff\ufffd\ue000",
    "not normal": "e\u0301 \u00e9 \u212b \ufb01",
    "long word": "x" * 50_000,
    "long line of words": "word " * 10_000,
    "lines": "\n" * 5_000,
    "quotes": "\\\"'`\\u0000\\ud800 \\x00 %00 &#x0;",
    "number": "1e5000",
    "address": "//127.0.0.1/../../etc/passwd?a=b#c",
    "spaces": " \u00a0\u3000\t\r\n\v\f\x85",
    "empty": "",
}
KEYS = (
    *("__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "length", "__class__", "id", "$ref", "*"),
    *("", " ", ".", "..", "a.b", "a/b~c", "k" * MAX_KEY_BYTES),
)
NUMBERS = (MAX_NUMBER, -MAX_NUMBER, float(MAX_NUMBER), 0, -0.0, 0.1 + 0.2, 5e-324, 2.2250738585072014e-308, 1e15, -1.5)
OTHERS: tuple[Any, ...] = (None, True, False, [], {}, [[]], [{}], [None, [1, "1", 1.0, True]])


def event(data: Any = None, **fields: Any) -> dict[str, Any]:
    return {"event_type": "task_progress", "source": "agent_1", "data": {} if data is None else data} | fields


def deep(value: Any, levels: int) -> Any:
    """Nest a value in alternating objects and lists, an object outermost."""
    for level in reversed(range(levels)):
        value = [value] if level % 2 else {"a": value}
    return value


def taken_at(value: Any) -> list[dict[str, Any]]:
    """Return the value at the top level, in the metadata, beside documented fields, and as deep as allowed."""
    about = {"task_id": "t1", "agent_id": "agent_1"}
    inner = MAX_DEPTH - 1 - levels(value)
    return [event(about | {"a": value}), event(metadata={"a": value}), event(field=value), event(deep(value, inner))]


def levels(value: Any) -> int:
    held = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return (1 if isinstance(value, dict | list) else 0) + max(map(levels, held), default=0)


def everywhere(text: str) -> dict[str, Any]:
    """Return an event with the text in every field that pages show."""
    fields = ("task_id", "task_name", "agent_id", "description", "message", "name", "role", "suggestion", "severity")
    about = {"board_id": text or "shop", "board_name": text, "agent_name": text}
    return event(dict.fromkeys(fields, text), event_type="task_blocked", metadata=about)


TAKEN: dict[str, dict[str, Any]] = {
    **{f"{name} {n}": stated for name, text in TEXTS.items() for n, stated in enumerate(taken_at(text))},
    **{f"{name} as a key": event({text[:60]: {text[:60]: text}}) for name, text in TEXTS.items()},
    **{f"{name} in every field": everywhere(text[:400]) for name, text in TEXTS.items()},
    **{f"{name} as a type": event(event_type=text[:100]) for name, text in TEXTS.items() if text.strip()},
    **{f"{name} as a source": event(source=text[:100]) for name, text in TEXTS.items() if text.strip()},
    **{f"{name} as an id": event(event_id=text[:100]) for name, text in TEXTS.items() if text.strip()},
    **{f"key {key[:20]!r} {n}": each for key in KEYS for n, each in enumerate(taken_at({key: {key: key}}))},
    **{f"number {number!r} {n}": each for number in NUMBERS for n, each in enumerate(taken_at(number))},
    **{f"value {value!r} {n}": each for value in OTHERS for n, each in enumerate(taken_at(value))},
    "the deepest": event(deep({}, MAX_DEPTH - 1)),
    "the most keys": event({str(n): n for n in range(MAX_KEYS)}),
    "the largest": event({"a": "x" * (MAX_EVENT_BYTES - len('{"a":""}{}'))}),
    "the longest names": event(
        event_id="é" * (MAX_NAME_BYTES // 2), source="s" * MAX_NAME_BYTES, event_type="t" * MAX_NAME_BYTES
    ),
    "very long ids": event({"task_id": "é" * 5_000, "agent_id": "x" * 5_000}, metadata={"board_id": "b" * 5_000}),
    "the earliest": event(timestamp="1970-01-01T00:00:00+00:00"),
    "the latest": event(timestamp="2199-12-31T23:59:59.999999Z"),
    "another zone": event(timestamp="2026-05-04T09:00:00.5-11:45"),
    "a week date": event(timestamp="2026-W19-1T09:00:00Z"),
}


def raw(value: str, place: str = "a") -> bytes:
    """Return an event whose data is hand-written JSON that no serialiser produces."""
    return f'{{"event_type": "x", "source": "s", "data": {{"{place}": {value}}}}}'.encode(errors="surrogatepass")


Refusal = tuple[bytes, int, str, str | None]  # the body, the status, where (or what is said), which limit


def refused(stated: Any, place: str, limit: str | None = None) -> Refusal:
    return json.dumps(stated).encode(), 422, place, limit


LONG_WAY = raw(('{"' + "k" * MAX_KEY_BYTES + '":') * 29 + "[" + "10," * 95_000 + "0]" + "}" * 29)
REFUSED: dict[str, Refusal] = {
    "one number too large": (raw(str(2**53)), 422, "/data/a", "number"),
    "one number too small": (raw(f"[0, {-(2**53)}]"), 422, "/data/a/1", "number"),
    "1e5000": (raw("1e5000"), 422, "/data/a", "number"),
    "-1e5000 deep": (raw('[{"b": -1e5000}]'), 422, "/data/a/0/b", "number"),
    "1e300": (raw("1e300"), 422, "/data/a", "number"),
    "a million digits": (raw("9" * 1_000_000), 422, "/data/a", "number"),
    "NaN": (raw("NaN"), 400, "NaN is not JSON", None),
    "Infinity": (raw("[Infinity]"), 400, "Infinity is not JSON", None),
    "-Infinity": (raw("-Infinity"), 400, "-Infinity is not JSON", None),
    "NUL": (raw('"\\u0000"'), 422, "/data/a", "text"),
    "NUL deep": (raw('{"b/c": ["\\u0000"]}'), 422, "/data/a/b~1c/0", "text"),
    "NUL as a key": (raw('{"\\u0000": 1}'), 422, "/data/a", "text"),
    "NUL itself": (raw('"\0"'), 400, "not JSON", None),
    "half a pair": (raw('"\\ud800"'), 422, "/data/a", "text"),
    "the wrong half": (raw('["\\udc00\\ud800"]'), 422, "/data/a/0", "text"),
    "half a pair as a key": (raw('{"\\ud83d": 1}'), 422, "/data/a", "text"),
    "half a pair in UTF-8": (raw('"\ud800"'), 400, "not UTF-8", None),
    "half a pair as an id": (b'{"event_type": "x", "source": "s", "event_id": "\\ud800"}', 422, "/event_id", "text"),
    "half a pair as a field": (b'{"event_type": "x", "source": "s", "\\ud800": 1}', 422, "/metadata/extra", "text"),
    "invalid UTF-8": (b'{"event_type": "\xff"}', 400, "not UTF-8", None),
    "overlong UTF-8": (b'{"event_type": "\xc0\x80"}', 400, "not UTF-8", None),
    "UTF-16": ("{}".encode("utf-16"), 400, "not UTF-8", None),
    "a byte order mark": (b"\xef\xbb\xbf" + raw("1"), 400, "not JSON", None),
    "a key too long": refused(event({"a": {"é" * (MAX_KEY_BYTES // 2 + 1): 1}}), "/data/a", "key_bytes"),
    "a key too many": refused(event({str(n): n for n in range(MAX_KEYS + 1)}), "/data", "keys"),
    "a key too many, in two": refused(
        event({str(n): n for n in range(MAX_KEYS)}, metadata={"a": 1}), "/metadata", "keys"
    ),
    "a byte too many": refused(event({"a": "x" * (MAX_EVENT_BYTES - len('{"a":""}{}') + 1)}), "/data", "event_bytes"),
    "numbers that swell": refused(event({"a": [5e-324] * 1_000}), "/data", "event_bytes"),
    "a level too deep": refused(event(deep({}, MAX_DEPTH)), "/data" + "/a/0" * (MAX_DEPTH // 2), "depth"),
    "far too deep": (b"[" * 100_000, 400, "nested too deeply", "depth"),
    "long keys on the way": (LONG_WAY, 422, "/data", "event_bytes"),
    "an id too long": refused(event(event_id="x" * (MAX_NAME_BYTES + 1)), "/event_id", "name_bytes"),
    "a source too long": refused(event(source="é" * (MAX_NAME_BYTES // 2 + 1)), "/source", "name_bytes"),
    "a type of spaces": refused(event(event_type=" \u00a0\u3000"), "/event_type"),
    "no zone": refused(event(timestamp="2026-05-04T09:00:00"), "/timestamp"),
    "year 1": refused(event(timestamp="0001-01-01T00:00:00+23:59"), "/timestamp", "timestamp"),
    "year 9999": refused(event(timestamp="9999-12-31T23:59:59-23:59"), "/timestamp", "timestamp"),
    "year 10000": refused(event(timestamp="+10000-01-01T00:00:00Z"), "/timestamp"),
    "the 30th of February": refused(event(timestamp="2026-02-30T09:00:00Z"), "/timestamp"),
    "a second too many": refused(event(timestamp="2026-05-04T09:00:61Z"), "/timestamp"),
    "a number as a time": refused(event(timestamp=1777888800), "/timestamp"),
    "a number that is data": refused(event(7), "/data"),
    "extra twice": refused(event(metadata={"extra": 1}, more=1), "/metadata/extra"),
    "two values": (b"{} {}", 400, "not JSON", None),
    "no events": (b"[]", 422, "Send 1 to 500", "batch"),
    "an event too many": (json.dumps([event()] * 501).encode(), 422, "Send 1 to 500", "batch"),
    "a body too large": (b" " * (1024 * 1024 + 1), 413, "larger than 1048576 bytes", "body_bytes"),
}  # fmt: skip
