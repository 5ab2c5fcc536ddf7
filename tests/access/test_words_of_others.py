"""Who does not see every board cannot find out by a search whether an event of theirs names a task on another one.

An id that is named is answered as one that nobody has heard of, in searches, counts, facets, exports and live pages.
"""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from dashboard.pages.history import queries as history
from dashboard.visibility import EVERYTHING, Visibility
from marcus_events import search
from marcus_events.access import tokens
from marcus_events.core.event import RecordedEvent, utc_now
from marcus_events.core.filters import EventFilter
from marcus_events.core.reducers.boards import DEPENDENCY_BOARD_FIELDS
from marcus_events.core.task_links import NAMING_OTHERS
from marcus_events.core.text_search import MAX_BYTES
from marcus_events.log import read
from marcus_events.projections import SEARCH, STATE, catch_up
from marcus_events.search import masking
from tests.access.test_linked_boards import HIDDEN, MARK, NORTH, SOME, SOUTH, chain, circle, depends, viewer
from tests.api.program import Program
from tests.dashboard.publishing import event, publish

UNHEARD_OF = "wvyqkfj-1"
FORMS = ["{}", '"{}"', "-{}", "type:dependency_detected {}", "type:dependency_detected -{}", "board:south {}"]


def linked() -> None:
    """As many forms of naming a task on a hidden board as there are."""
    publish(*chain(), *circle(), depends(NORTH, "north-2", HIDDEN, depends_on_name=f"Build {HIDDEN}"))
    publish(event("task_created", board=SOUTH, task_id="south-9", depends_on=["south-1", {"task_id": HIDDEN}, HIDDEN]))
    publish(event("deploy", board=NORTH, depends_on_project_id=MARK, depends_on_id={"a": [HIDDEN]}))


def asked(visibility: Visibility, query: str) -> tuple[object, ...]:
    """What every kind of question finds."""
    wanted = visibility.narrow(EventFilter.parse(f"{query} since:1d"))
    hour = timedelta(hours=1).total_seconds()
    found = search.facets(wanted, 100)
    return (
        [event.position for event in search.page(wanted, limit=100).events],
        search.count(wanted, 100),
        search.count_between(wanted, 0, 1_000, 100),
        [event.position for batch in history.batches(wanted, 1_000) for event in batch],
        sum(types.total() for types in search.count_types_by_time(wanted, hour, 100).values()),
        found,
        [event.position for event in read.following(0, 1_000) if visibility.shows(event) and wanted.matches(event)],
    )


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("is_indexed", [True, False])
@pytest.mark.parametrize("form", FORMS)
def test_an_id_that_is_named_is_answered_as_one_that_nobody_has_heard_of(form: str, *, is_indexed: bool) -> None:
    linked()
    SEARCH.clear()
    catch_up([STATE, SEARCH] if is_indexed else [STATE])
    assert asked(SOME, form.format(HIDDEN)) == asked(SOME, form.format(UNHEARD_OF))
    assert asked(SOME, form.format(MARK)) == asked(SOME, form.format(UNHEARD_OF))
    assert asked(EVERYTHING, form.format(HIDDEN)) != asked(EVERYTHING, form.format(UNHEARD_OF))


@pytest.mark.usefixtures("log")
def test_by_http_it_is_the_same() -> None:
    linked()
    client, program = viewer(), Program(tokens.create("some", ["read"], boards=[NORTH, SOUTH]))
    for path in ("/activity/", "/history/"):
        assert answer(client, path, HIDDEN) == answer(client, path, UNHEARD_OF), path
    for query in (HIDDEN, f"-{HIDDEN}", f"type:deploy {MARK}"):
        found = program.read("/api/events", q=query)
        assert found == program.read("/api/events", q=query.replace(HIDDEN, UNHEARD_OF).replace(MARK, UNHEARD_OF))


def answer(client: Client, path: str, word: str) -> str:
    """A page, but for the word that was asked for and what differs at each request."""
    response = client.get(path, {"q": f"-category:audit {word}"})
    assert response.status_code == 200
    text = re.sub(
        r'20\d\d-\d\d-\d\dT[\d:.+Z%A]+|\d\d:\d\d(:\d\d)?|nonce="[^"]*"|csrf[^>]*', "", response.content.decode()
    )
    return text.replace(word, "")


def test_what_is_masked_is_what_is_not_looked_for() -> None:
    assert {*masking.OTHERS, *DEPENDENCY_BOARD_FIELDS, "depends_on_name"} == NAMING_OTHERS


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("own", [0, 100, 200])
def test_the_largest_event_that_names_others_fits_into_the_index(own: int) -> None:
    """`own` KiB of its own text, and as much that names others as goes in beside it."""
    kib = 1024
    said = "".join(f"{chr(0x4E00 + n % 20_000)}{n % 10}" for n in range(own * kib // 4))
    named = [f"{n:x}" for n in range((250 - own) * kib // 12)]
    publish(event("dependency_detected", board=NORTH, task_id="a", said=said, depends_on=named))
    catch_up([SEARCH])
    assert search.count(EventFilter.parse('"fff"'), 10) == 1
    [made] = read.following(0, 10)
    assert sum(len(word) for word in made.run_of_others()) <= MAX_BYTES // 2


def test_an_event_that_names_no_other_task_has_the_words_it_had() -> None:
    made = RecordedEvent(1, utc_now(), event("deploy", board=NORTH, note="a b", depends_on_it="c"))
    assert set(made.words.places) >= {"a", "b", "c"}
    assert made.words_of_others.places == {}
