"""/api/openapi.json says what the code does, all of it, and /api/docs shows it to anybody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.test import Client
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate
from pytest_django import Settings

from marcus_events.api import health_urls, urls
from marcus_events.api.description import SECURITY, description
from marcus_events.api.query_fields import FILTER_PARAMETERS
from marcus_events.core.state import TASK_STATUSES
from tests.api.program import assert_problem
from tests.dashboard.reading import Document, open_page

DOCS, OPENAPI = "/api/docs", "/api/openapi.json"
OF_ANOTHER_DESCRIPTION = {"/api/asyncapi.json"}
SOURCES = (Path(urls.__file__).parent).glob("*.py")
READING = re.compile(r'\b(?:text|time|position|integer|choice|values)\(request, "(\w+)"')


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in description()["paths"].items():
        yield from ((path, method, said) for method, said in methods.items())


def parameters() -> set[tuple[str, str]]:
    found = description()["components"]["parameters"].values()
    stated = [each for _, _, said in operations() for each in said.get("parameters", [])]
    return {(each["name"], each["in"]) for each in (*found, *(each for each in stated if "name" in each))}


def test_it_is_openapi() -> None:
    validate(description())


def test_every_address_is_described_and_no_other() -> None:
    patterns = [(f"/api/{each.pattern}", each) for each in urls.urlpatterns if str(each.pattern)]
    patterns += [(f"/{each.pattern}", each) for each in health_urls.urlpatterns]
    addresses = {re.sub(r"<int:(\w+)>", r"{\1}", address) for address, _ in patterns} - OF_ANOTHER_DESCRIPTION
    assert set(description()["paths"]) == addresses


def test_every_method_is_described_and_no_other(client: Client) -> None:
    for path, methods in description()["paths"].items():
        allowed = client.delete(path.replace("{position}", "1"))["Allow"].split(", ")
        assert {method.upper() for method in methods} == set(allowed) - {"HEAD", "OPTIONS"}, path


def test_every_parameter_that_is_read_is_described_and_no_other() -> None:
    read = {name for source in SOURCES for name in READING.findall(source.read_text())} | {*FILTER_PARAMETERS}
    assert {name for name, place in parameters() if place == "query"} == read


def test_every_operation_has_a_name_of_its_own_an_example_and_says_who_may_ask() -> None:
    names = [said["operationId"] for _, _, said in operations()]
    assert len(set(names)) == len(names)
    for path, method, said in operations():
        assert said["summary"], path
        assert said["x-codeSamples"], path
        assert [name for each in said["security"] for name in each] == (
            ["token"] if method == "post" else ["token", "session"] if "401" in said["responses"] else []
        )


def test_the_session_is_the_cookie_of_this_site() -> None:
    assert SECURITY["session"]["name"] == django_settings.SESSION_COOKIE_NAME


def test_the_statuses_of_a_task_are_those_that_the_model_names() -> None:
    from marcus_events.models import Task

    assert ", ".join(TASK_STATUSES) in (Task.__doc__ or "")


def shown(value: Any, schemas: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Any]]:
    """Every example beside its schema, wherever it stands."""
    if isinstance(value, dict):
        examples = [each["value"] for each in value.get("examples", {}).values()] if "schema" in value else []
        examples += [value["example"]] if "schema" in value and "example" in value else []
        yield from ((value["schema"], example) for example in examples)
        for each in value.values():
            yield from shown(each, schemas)
    elif isinstance(value, list):
        for each in value:
            yield from shown(each, schemas)


def test_every_example_is_of_its_shape() -> None:
    examples = list(shown(description(), {}))
    assert len(examples) > 40
    for schema, example in examples:
        OAS31Validator({"components": description()["components"], **schema}).validate(example)


@pytest.mark.django_db
def test_anybody_may_ask_and_a_wrong_token_does_not_matter(client: Client) -> None:
    for address in (DOCS, OPENAPI):
        assert client.get(address).status_code == 200
        assert client.get(address, headers={"Authorization": "Bearer mev_wrong"}).status_code == 200
    assert client.get(OPENAPI).json() == description()


def test_who_asks_too_often_waits(client: Client, settings: Settings) -> None:
    settings.RATES = settings.RATES | {"address": "1/minute"}
    assert client.get(OPENAPI).status_code == 200
    assert assert_problem(client.get(DOCS), 429, "Too many requests from this address")["limit"] == "address_rate"


@pytest.fixture
def page(client: Client) -> Document:
    return open_page(client, DOCS)


def test_the_page_shows_every_operation_with_its_parameters_answers_and_an_example(page: Document) -> None:
    ids = page.all_of("id")
    for path, method, said in operations():
        assert said["operationId"] in ids
        assert f"{method.upper()}\n{path}" in re.sub(r"\n\s+", "\n", page.text)
        assert all(sample["source"] in page.text for sample in said["x-codeSamples"])
        assert all(status in page.text for status in said["responses"])
    assert all(name in page.text for name, _ in parameters())


def test_its_contents_lead_to_what_is_there_and_nowhere_else(page: Document) -> None:
    ids = page.all_of("id")
    assert len(ids) == len(set(ids))
    for address in page.all_of("href"):
        assert not urlsplit(address).netloc
        if address.startswith("#"):
            assert address[1:] in ids
    assert {OPENAPI, *OF_ANOTHER_DESCRIPTION} <= set(page.all_of("href"))


def test_its_examples_ask_the_address_under_which_it_is_read(page: Document) -> None:
    assert "export SITE=http://testserver\n" in page.text


def test_nothing_on_it_is_inline(page: Document) -> None:
    assert not page.all_of("style")
    assert "style" not in {tag for tag, _ in page.elements}
    assert all("src" in attributes for tag, attributes in page.elements if tag == "script")
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]


def test_it_comes_with_the_policy_of_every_page(client: Client) -> None:
    assert "default-src 'none'" in client.get(DOCS)["Content-Security-Policy"]
