"""Nothing that anybody sends makes the API fail: drawn from its description, and by mutating what is well-formed.

MARCUS_TEST_REQUESTS says how many requests are sent in all; each test prints how many it sent.
Requests go through the whole ASGI application.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import hypothesis
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from pytest_django import Settings
from schemathesis.openapi import checks as _registered  # noqa: F401 # makes the checks known
from schemathesis.specs.openapi import checks

from marcus_events.api.description import description
from tests.api import drawn
from tests.api.conforming import assert_conforms
from tests.api.drawn import dumped, escaped, in_header
from tests.api.site import JSON, Header, Site

Case = schemathesis.Case[Any]
REQUESTS = int(os.environ.get("MARCUS_TEST_REQUESTS", "1000"))
COVERING = 740  # requests: every bound and kind of every parameter, which Schemathesis sends in any case
SCHEMA = schemathesis.openapi.from_dict(description())
CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


def share(of_all: float) -> hypothesis.settings:
    """So much of what is left after those, drawn anew each time."""
    quiet = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    count = max(1, round((REQUESTS - COVERING) * of_all))
    return hypothesis.settings(
        max_examples=count, deadline=None, database=None, suppress_health_check=[*quiet, HealthCheck.filter_too_much]
    )


@pytest.fixture
def site(log: None, settings: Settings) -> Iterator[Site]:
    settings.RATES = dict.fromkeys(settings.RATES, "1000000/second")
    with Site() as site:
        yield site
        print(f"{site.sent} requests")


# Drawn from the description


def sent(site: Site, case: Case) -> None:
    if case.path == "/api/events/wait" and isinstance(case.query, dict):
        case.query["timeout"] = 0  # how long it waits is tested elsewhere
    stated = case.as_transport_kwargs(base_url="http://127.0.0.1")
    request = requests.Request(**stated).prepare()
    headers = [each for each in map(as_header, request.headers.items()) if each[0].lower() != b"authorization"]
    body: Any = request.body or b""
    body = body.encode() if isinstance(body, str) else body
    response = site.send(request.method or "", request.url or "", [*headers, site.authorization], body)
    assert_conforms(response)
    case.validate_response(response, checks=CHECKS)


def as_header(pair: tuple[str, str | bytes]) -> Header:
    name, value = pair
    return name.encode("latin-1"), value if isinstance(value, bytes) else value.encode("latin-1", "replace")


SHARES = {"/api/events": 0.15}  # of what is drawn; every other address gets the usual one
USUAL = 0.02


def as_described(method: str, path: str) -> Callable[..., None]:
    """A test for one address. Schemathesis would name those of all addresses alike, and of tests with one name a
    process among several is handed one.
    """

    @SCHEMA.include(method=method, path=path).parametrize()
    @share(SHARES[path] if method == "POST" else USUAL)
    def test(site: Site, case: Case) -> None:
        sent(site, case)

    return test  # type: ignore[no-any-return]


for path, operations in description()["paths"].items():
    for method in sorted({"get", "post"} & set(operations)):
        words = re.sub(r"\W+", "_", path).strip("_")
        globals()[f"test_{method}_{words}_is_as_described"] = as_described(method.upper(), path)


# What is well-formed, mutated


@given(st.binary(max_size=200))
@share(0.08)
def test_any_bytes_are_answered(site: Site, body: bytes) -> None:
    assert_conforms(site.publish(body, JSON))


@given(drawn.bodies)
@share(0.12)
def test_events_of_any_fields_are_answered(site: Site, body: bytes) -> None:
    assert_conforms(site.publish(body, JSON))


@given(drawn.bodies, st.data())
@share(0.08)
def test_broken_json_is_answered(site: Site, body: bytes, data: st.DataObject) -> None:
    """A piece of it replaced, doubled or left out."""
    begin, end = sorted(data.draw(st.tuples(st.integers(0, len(body)), st.integers(0, len(body)))))
    piece = data.draw(
        st.sampled_from([b"", body[begin:end] * 2, b"NaN", b"1e5000", b"[" * 2_000, b"\xed\xa0\x80", b"\0"])
    )
    assert_conforms(site.publish(body[:begin] + piece + body[end:], JSON))


@given(
    drawn.cloudevents | st.lists(drawn.cloudevents, max_size=3) | drawn.values,
    st.sampled_from(["", "-batch"]),
    st.booleans(),
)
@share(0.1)
def test_cloudevents_of_any_attributes_are_answered(site: Site, stated: Any, mode: str, is_escaped: bool) -> None:
    body = escaped(stated) if is_escaped else dumped(stated)
    assert_conforms(site.publish(body, (b"Content-Type", f"application/cloudevents{mode}+json".encode())))


@given(
    st.dictionaries(drawn.NAMED, drawn.wild | st.sampled_from(["1.0", "%ff", "%00", "x", "2026-05-04T09:00:00Z"])),
    st.binary(),
)
@share(0.08)
def test_headers_of_a_cloudevent_are_answered(site: Site, attributes: dict[str, str], body: bytes) -> None:
    known = {"specversion": "1.0", "id": "1", "source": "s", "type": "t"}
    headers = [(f"ce-{name}".encode(), in_header(value)) for name, value in (known | attributes).items()]
    assert_conforms(site.publish(body, JSON, *headers))


@given(
    st.dictionaries(st.sampled_from(drawn.HEADERS), drawn.KINDS | drawn.wild),
    st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "PUT"]),
)
@share(0.1)
def test_any_headers_are_answered(site: Site, headers: dict[str, str], method: str) -> None:
    stated = [(name.encode(), in_header(value)) for name, value in headers.items()]
    address = "/api/events?q=%C3%A9&limit=1"
    assert_conforms(site.send(method, address, [site.authorization, *stated], b'{"event_type": "x", "source": "s"}'))


@given(drawn.wild)
@share(0.02)
def test_any_authorization_is_answered(site: Site, header: str) -> None:
    assert_conforms(site.send("GET", "/api/tasks", [(b"Authorization", b"Bearer " + in_header(header))]))


@given(st.sampled_from(drawn.PATHS), drawn.asked, st.sampled_from(["&", "&&", "%"]))
@share(0.08)
def test_any_address_is_answered(site: Site, path: str, query: dict[str, str], between: str) -> None:
    stated = between.join(f"{name}={quote(value, errors='surrogatepass')}" for name, value in query.items())
    assert_conforms(site.get(f"/api/{path}?timeout=0&{stated}"))


@given(st.binary(max_size=12))
@share(0.02)
def test_any_path_is_answered(site: Site, path: bytes) -> None:
    assert_conforms(site.get("/api/" + quote(path)))
