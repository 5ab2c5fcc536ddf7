"""What the official SDK of CloudEvents publishes is given back as it was, in every mode; what is none is refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_structured_event, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from hypothesis import strategies as st

from marcus_events.api.description import description
from marcus_events.api.description.examples import TRACE
from marcus_events.core.event import Event, RecordedEvent
from marcus_events.core.reserved import Authority
from marcus_events.http import cloudevents
from marcus_events.ingest import entry_from
from tests.api.program import Program, assert_problem, event
from tests.core.drawn_events import events as native_events
from tests.core.drawn_events import names, objects, taken, values

BATCH, STRUCTURED = cloudevents.BATCH, cloudevents.STRUCTURED
MOMENT = datetime(2026, 5, 4, 9, 0, 0, 123456, tzinfo=UTC)
OURS = {"marcusposition", "marcusrecordedat"}  # what we add to what was said


def made(data: Any = None, **attributes: Any) -> CloudEvent:
    stated = {"id": "e1", "source": "//shop/planner", "type": "task_created", "specversion": "1.0", "time": MOMENT}
    return CloudEvent(stated | attributes, data)


def binary(sent: CloudEvent) -> HTTPMessage:
    return to_binary_event(sent)


def structured(sent: CloudEvent) -> HTTPMessage:
    return to_structured_event(sent)


def batch(sent: CloudEvent) -> HTTPMessage:
    one = to_structured_event(sent).body
    return HTTPMessage({"content-type": BATCH}, b"[" + one + b"]")


MODES = [binary, structured, batch]
Mode = Callable[[CloudEvent], HTTPMessage]
SENT = {
    "nothing": made(),
    "an object": made({"task_id": "cart", "n": [1, 2.5, None, True, {"a": "é"}]}),
    "an empty object": made({}),
    "an object of another type": made({"a": 1}, datacontenttype="application/vnd.shop+json; charset=utf-8"),
    "text": made("Grüße, \U0001f600", datacontenttype="text/plain"),
    "markup": made("<a/>", datacontenttype="application/xml"),
    "bytes": made(b"\xff\x00\xfe", datacontenttype="application/octet-stream"),
    "every attribute": made(
        {"a": 1},
        datacontenttype="application/json",
        dataschema="https://example.com/schema.json",
        subject="the cart",
        traceparent=TRACE,
        tracestate="shop=1",
        correlationid="c-1",
        causationid="c-0",
        boardid="shop",
        comexampleown="anything",
    ),
    "unicode": made(subject='Grüße 100% "€" \U0001f600', ownvalue="zwölf %41", id="é 1", source="/ü"),
    "a name of Marcus": made(type="blocker_reported"),
}


def sent_as(program: Program, message: HTTPMessage) -> Any:
    named = {name.lower(): value for name, value in message.headers.items()}
    content_type = named.pop("content-type", "")
    return program.client.generic("POST", "/api/events", message.body, content_type, headers=program.headers | named)


def read_back(program: Program, position: int = 1) -> CloudEvent:
    response = program.client.get(f"/api/events/{position}", headers=program.headers | {"Accept": STRUCTURED})
    assert (response.status_code, response["Content-Type"]) == (200, STRUCTURED)
    return parsed(response.content)


def parsed(body: bytes) -> CloudEvent:
    found = from_structured_event(HTTPMessage({"content-type": STRUCTURED}, body))
    assert isinstance(found, CloudEvent)
    return found


def attributes(found: CloudEvent) -> dict[str, Any]:
    return {name: value for name, value in found.get_attributes().items() if name not in OURS}


@pytest.mark.parametrize("mode", MODES)
def test_what_the_sdk_sends_it_reads_back(program: Program, mode: Mode) -> None:
    for position, (name, sent) in enumerate(SENT.items(), start=1):
        sent = CloudEvent(sent.get_attributes() | {"id": f"{name} {sent.get_id()}"}, sent.get_data())
        response = sent_as(program, mode(sent))
        assert response.status_code == 201, (name, response.content)
        found = read_back(program, position)
        assert (attributes(found), found.get_data()) == (sent.get_attributes(), sent.get_data()), name
        assert found.get_attributes()["marcusposition"] == position
        assert parsed(json.dumps(page(program)[0]).encode()).get_attributes() == found.get_attributes()


def page(program: Program, **query: Any) -> list[dict[str, Any]]:
    response = program.client.get("/api/events", query, headers=program.headers | {"Accept": BATCH})
    assert (response.status_code, response["Content-Type"]) == (200, BATCH)
    found: list[dict[str, Any]] = response.json()
    return found


def test_data_of_every_kind_of_json_is_given_back(program: Program) -> None:
    kinds: tuple[Any, ...] = ([1, "two"], "text", 7, 2.5, True, False, None, "", [], {})
    for data in kinds:
        known = {"specversion": "1.0", "source": "s", "type": "t"}
        assert program.post(known | {"id": f"{data!r}", "data": data}, STRUCTURED).status_code == 201
        headers = {f"ce-{name}": value for name, value in known.items()} | {"ce-id": f"{data!r} in binary mode"}
        assert program.post(json.dumps(data), **headers).status_code == 201
        newest, oldest = page(program, limit=2)
        assert (oldest["data"], newest["data"]) == (data, data)
        assert "data_base64" not in newest


def test_bytes_that_are_no_text_are_given_back_as_bytes(program: Program) -> None:
    known = program.headers | {"ce-specversion": "1.0", "ce-source": "s", "ce-type": "t"}
    drawn = product(("application/octet-stream", "image/png", "text/plain", ""), (b"\0", b"a\0b", b"\xff", b"\x80abc"))
    for position, (content_type, body) in enumerate(drawn, start=1):
        headers = known | {"ce-id": str(position)}
        response = program.client.generic("POST", "/api/events", body, content_type, headers=headers)
        assert response.status_code == 201, response.content
        assert read_back(program, position).get_data() == body


def test_a_cloudevent_is_an_event_like_any_other(program: Program) -> None:
    sent = made({"task_id": "cart", "task_name": "Build it"}, boardid="shop", traceparent=TRACE, causationid="c-0")
    sent_as(program, structured(sent))
    found = program.read("/api/events/1")
    assert (found["event_id"], found["source"], found["event_type"]) == ("e1", "//shop/planner", "task_created")
    assert found["data"] == {"task_id": "cart", "task_name": "Build it"}
    assert found["timestamp"] == MOMENT.isoformat()
    assert found["metadata"].items() >= {"board_id": "shop", "traceparent": TRACE, "causation_id": "c-0"}.items()


def test_the_same_cloudevent_is_the_same_event_in_every_mode(program: Program) -> None:
    sent = made({"a": 1}, datacontenttype="application/json", subject="cart")
    statuses = [sent_as(program, mode(sent)).json()["results"][0]["status"] for mode in MODES]
    assert statuses == ["accepted", "duplicate", "duplicate"]


SAME: list[tuple[Any, str | None]] = [
    (None, None),
    ({"a": [1, None, "é"]}, None),
    ({"a": 1}, "application/json"),
    ({"a": 1}, "application/json; charset=UTF-8"),
    ({"a": 1}, "application/vnd.shop+json"),
    ("hi", None),
    ("hi", "application/json"),
    ("hi", "text/plain"),
    ("<a/>", "application/xml; charset=utf-8"),
    (5, None),
    ([1], "application/json"),
    (b'{"a":1}', None),
    (b'{"a":1}', "application/json"),
    (b"[1]", "application/json"),
    (b"hi", None),
    (b"hi", "application/json"),
    (b"hi", "text/plain"),
    (b"hi", "application/octet-stream"),
    (b"\xff\x00", None),
    (b"\xff\x00", "application/octet-stream"),
    (b"a\x00b", "text/plain"),
]


@pytest.mark.parametrize("in_order", [MODES, MODES[::-1]])
def test_every_kind_of_data_is_one_event_in_every_mode(program: Program, in_order: list[Mode]) -> None:
    for n, (data, content_type) in enumerate(SAME):
        named = {"datacontenttype": content_type} if content_type else {}
        sent = made(data, id=f"e{n}", boardid="shop", subject="cart", **named)
        found = [sent_as(program, mode(sent)).json()["results"][0]["status"] for mode in in_order]
        assert found == ["accepted", "duplicate", "duplicate"], (data, content_type)


JS = {"id": "1", "source": "s", "type": "t", "specversion": "1.0", "time": "2026-05-04T09:00:00Z"}
JS_STRUCTURED = f"{STRUCTURED}; charset=utf-8"


@pytest.mark.parametrize("stated", [{"data": {"a": 1}}, {"data": "hi"}, {"data": 5}, {"data": None}, {}])
def test_what_the_sdk_for_javascript_sends_is_one_event_in_both_modes(program: Program, stated: Any) -> None:
    """In binary mode it names a charset, sends a string without quotes, and makes texts of numbers and booleans."""
    attributes = JS | {"ext": 5, "flag": True, "boardid": 7}
    first = program.post(attributes | stated, JS_STRUCTURED).json()["results"][0]["status"]
    data = stated.get("data", "")
    body = data if isinstance(data, str) else json.dumps(data)
    headers = {
        f"ce-{name}": value if isinstance(value, str) else json.dumps(value) for name, value in attributes.items()
    }
    again = program.client.generic(
        "POST", "/api/events", body, "application/json; charset=utf-8", headers=program.headers | headers
    )
    assert [first, again.json()["results"][0]["status"]] == ["accepted", "duplicate"]
    assert program.read("/api/events/1")["metadata"]["board_id"] == "7"


def test_another_body_under_the_same_identity_is_still_another_event(program: Program) -> None:
    assert sent_as(program, structured(made({"a": 1}))).status_code == 201
    others = [
        made({"a": 2}),
        made(),
        made({"a": 1}, subject="cart"),
        made(b'{"a":2}', datacontenttype="application/json"),
    ]
    for sent, mode in product(others, MODES):
        [result] = sent_as(program, mode(sent)).json()["results"]
        assert result["code"] == 409, sent


def test_json_in_base64_is_json_where_its_type_says_so(program: Program) -> None:
    encoded = base64.b64encode(b'{"task_id": "cart", "n": [1]}').decode()
    for n, content_type in enumerate(("application/json", "application/vnd.shop+JSON; charset=utf-8"), start=1):
        program.post(stated(id=str(n), data_base64=encoded, datacontenttype=content_type), STRUCTURED)
        found = program.read(f"/api/events/{n}")
        assert found["data"] == {"task_id": "cart", "n": [1]}
    assert [each["data"] for each in page(program, task="cart")] == [{"task_id": "cart", "n": [1]}] * 2
    program.post(stated(id="3", data_base64=encoded, datacontenttype="text/plain"), STRUCTURED)
    assert page(program, limit=1)[0]["data_base64"] == encoded


@pytest.mark.parametrize(
    ("header", "subject"),
    [
        ('"the cart"', "the cart"),
        (r'"a \"b\" \\ c"', r'a "b" \ c'),
        ('"Gr%C3%BC%C3%9Fe"', "Grüße"),
        ('"%22"', '"'),
        ('say "hi" now', 'say "hi" now'),
        ('"', '"'),
    ],
)
def test_header_values_in_double_quotes_are_read(program: Program, header: str, subject: str) -> None:
    headers = {"ce-specversion": '"1.0"', "ce-id": '"e 1"', "ce-source": "s", "ce-type": "t", "ce-subject": header}
    assert program.post({}, **headers).json()["results"][0]["event_id"] == "e 1"
    assert page(program)[0]["subject"] == subject


def test_times_may_have_small_letters(program: Program) -> None:
    small = "2026-05-04t09:00:00.5z"
    assert program.post(stated(time=small), STRUCTURED).status_code == 201
    program.publish({"event_type": "t", "source": "s", "timestamp": small})
    program.post({}, **{"ce-specversion": "1.0", "ce-id": "b", "ce-source": "s", "ce-type": "t", "ce-time": small})
    assert {each["time"] for each in page(program)} == {"2026-05-04T09:00:00.500000+00:00"}
    assert len(page(program, since=small)) == 3


def test_a_refusal_in_binary_mode_names_its_event(program: Program) -> None:
    named = {"ce-specversion": "1.0", "ce-id": '"e%201"', "ce-source": "s"}
    assert program.post({}, **named).json()["results"][0]["event_id"] == "e 1"
    refused = program.post("{", **named, **{"ce-type": "t"}).json()
    assert refused["event_id"] == "e 1"
    assert refused.keys() <= description()["components"]["schemas"]["Refusal"]["properties"].keys()
    assert program.post({}, **named | {"ce-id": "%ff"}).json()["results"][0]["event_id"] == ""


def test_our_own_events_are_cloudevents_too(program: Program) -> None:
    program.publish(event("task_started", "e1", task_id="t1") | {"further": "field"})
    found = read_back(program)
    assert found.get_type() == "task_started"
    assert found.get_attributes()["boardid"] == "shop"
    assert json.loads(found.get_attributes()["marcusmetadata"]) == {
        "board_name": "The shop",
        "extra": {"further": "field"},
    }


def test_the_next_page_stands_in_a_header(program: Program) -> None:
    program.publish(*(event(event_id=f"e{n}") for n in range(5)))
    address, found = "/api/events?limit=2&order=asc&type=task_*", []
    while address:
        response = program.client.get(address, headers=program.headers | {"Accept": BATCH})
        assert response["Marcus-Head"] == "5"
        found += [parsed(json.dumps(each).encode()).get_id() for each in response.json()]
        link = response.headers.get("Link", "")
        assert not link or link.endswith('>; rel="next"')
        address = link.partition(">")[0].removeprefix("<")
    assert found == [f"e{n}" for n in range(5)]


def stated(**fields: Any) -> dict[str, Any]:
    """What is None is left out."""
    known = {"specversion": "1.0", "id": "1", "source": "s", "type": "t"} | fields
    return {name: value for name, value in known.items() if value is not None}


BAD: list[tuple[dict[str, Any], str]] = [
    (stated(id=None), "/id"),
    (stated(source=None), "/source"),
    (stated(type=None), "/type"),
    (stated(specversion=None), "/specversion"),
    (stated(specversion="0.3"), "/specversion"),
    (stated(specversion=1.0), "/specversion"),
    (stated(id=""), "/id"),
    (stated(source=" "), "/source"),
    (stated(time="yesterday"), "/time"),
    (stated(time="2026-05-04T09:00:00"), "/time"),
    (stated(subject=""), "/subject"),
    (stated(subject=7), "/subject"),
    (stated(dataschema=""), "/dataschema"),
    (stated(datacontenttype=7), "/datacontenttype"),
    (stated(Upper="x"), ""),
    (stated(with_underscore="x"), ""),
    (stated(ünicode="x"), ""),
    (stated(**{"": "x"}), ""),
    (stated(**{"٣": "x"}), ""),
    (stated(own={"a": 1}), "/own"),
    (stated(own=["a"]), "/own"),
    (stated(data=1, data_base64="AA=="), "/data_base64"),
    (stated(data_base64="not base64!"), "/data_base64"),
    (stated(data_base64="é"), "/data_base64"),
    (stated(data_base64=7), "/data_base64"),
    (stated(data={"a": 2**53}), "/data/a"),
    (stated(data="\0"), "/data/value"),
    (stated(subject="\ud800"), "/metadata/cloudevent/subject"),
    (stated(own=2**53), "/metadata/cloudevent/own"),
]


def test_what_is_no_cloudevent_is_refused_with_its_place(program: Program) -> None:
    for bad, pointer in BAD:
        problem = assert_problem(program.post(bad, STRUCTURED), 422, "")
        assert problem["results"][0]["pointer"] == pointer, (bad, problem)
        many = assert_problem(program.post([bad], BATCH), 422, "")
        assert many["results"][0]["pointer"] == f"/0{pointer}", (bad, many)


@pytest.mark.parametrize(
    ("headers", "pointer"),
    [
        ({}, "/source"),
        ({"ce-source": "s"}, "/type"),
        ({"ce-source": "s", "ce-type": "t", "ce-subject": "gr\u00fc\u00dfe"}, "/subject"),
        ({"ce-source": "s", "ce-type": "t", "ce-subject": "%ff"}, "/subject"),
        ({"ce-source": "s", "ce-type": "t", "ce-subject": "%00"}, "/metadata/cloudevent/subject"),
        ({"ce-source": "s", "ce-type": "t", "ce-specversion": "0.3"}, "/specversion"),
        ({"ce-source": "s", "ce-type": "t", "ce-time": "now"}, "/time"),
    ],
)
def test_headers_that_are_no_cloudevent_are_refused(program: Program, headers: dict[str, str], pointer: str) -> None:
    response = program.post({}, **({"ce-specversion": "1.0", "ce-id": "1"} | headers))
    assert assert_problem(response, 422, "")["results"][0]["pointer"] == pointer


def test_one_and_many_have_types_of_their_own(program: Program) -> None:
    assert_problem(program.post([stated()], STRUCTURED), 400, f"Send an array of CloudEvents as {BATCH}")
    assert_problem(program.post(stated(), BATCH), 400, f"Send a single CloudEvent as {STRUCTURED}")
    assert_problem(program.post([], BATCH), 422, "Send 1 to 500 events")
    assert_problem(program.post("{", "application/json", **{"ce-id": "1"}), 400, "not JSON")


ATTRIBUTE_NAMES = st.from_regex(r"[a-z0-9]{1,20}", fullmatch=True).filter(
    lambda name: name not in {*cloudevents.CORE_ATTRIBUTES, "specversion", "data", *OURS, "marcusmetadata"}
)
attribute_values = names | st.integers(-(2**31), 2**31 - 1) | st.booleans()
NEEDED = {"id": names, "source": names, "type": names, "specversion": st.just("1.0")}
OPTIONAL = {"subject": names, "dataschema": names, "datacontenttype": names, "data": values}
IN_BASE64 = {"data_base64": st.binary().map(lambda raw: base64.b64encode(raw).decode())}
stated_events = st.builds(
    lambda known, extensions: extensions | known,
    st.fixed_dictionaries(NEEDED, optional=OPTIONAL) | st.fixed_dictionaries(NEEDED | IN_BASE64),
    st.dictionaries(ATTRIBUTE_NAMES.filter(lambda name: name not in OPTIONAL), attribute_values, max_size=4),
)
claims = st.dictionaries(ATTRIBUTE_NAMES | st.sampled_from(["subject", "time", "data", "٣", "marcusposition"]), values)


@pytest.mark.parametrize("claimed", [7, {"a": 1}, None, "no base64"])
def test_what_only_claims_to_be_binary_is_given_out_as_data(claimed: Any) -> None:
    stated = Event("e1", MOMENT, "t", "s", {"base64": claimed}, {"cloudevent": {"data": "base64"}})
    found = cloudevents.to_structured(RecordedEvent(1, MOMENT, stated))
    assert found["data"] == {"base64": claimed}
    assert "data_base64" not in found


@given(stated_events)
def test_whatever_is_a_cloudevent_comes_out_as_it_went_in(stated: dict[str, Any]) -> None:
    entry = entry_from(cloudevents.from_structured(stated), Authority.SYSTEM)
    event = Event(entry.event_id, entry.timestamp, entry.event_type, entry.source, entry.data, entry.metadata)
    found = cloudevents.to_structured(RecordedEvent(1, MOMENT, event))
    assert {name: value for name, value in found.items() if name not in {*OURS, "time"}} == stated


@given(native_events, claims, objects)
def test_whatever_is_an_event_comes_out_as_a_cloudevent(
    event: Event, claimed: dict[str, Any], more: dict[str, Any]
) -> None:
    """Also one whose metadata claims to have been a CloudEvent."""
    event.metadata = more | {"cloudevent": claimed}
    found = cloudevents.to_structured(taken(event, 1))
    read = parsed(json.dumps(found).encode())
    assert (read.get_id(), read.get_source(), read.get_time()) == (event.event_id, event.source, event.timestamp)
