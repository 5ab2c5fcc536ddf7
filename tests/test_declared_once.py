"""Lists that cannot be read from where they are declared (templates, style sheets, tables by value) agree with it."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

import pytest

from dashboard.live.page_state import PageState, parameter_names
from dashboard.pages.activity.active_filters import PARAMETERS
from dashboard.pages.agents.agent_health import TITLES
from dashboard.pages.agents.queries import HEALTH_KINDS
from dashboard.pages.alerts.forms import SEVERITY_CHOICES
from dashboard.pages.all_pages import PAGES
from dashboard.pages.boards.columns import COLUMNS, EMPTY
from dashboard.queries import counters, dependency_graph
from dashboard.queries.blockers import SEVERITY_WEIGHT
from dashboard.templatetags.tasks import ICONS
from dashboard.timeline.status_intervals import KINDS
from dashboard.timeline.timeline_layout import TOP
from marcus_events.api.query_fields import FILTER_PARAMETERS
from marcus_events.core.event_fields import SEVERITIES
from marcus_events.core.event_types import CATEGORIES
from marcus_events.core.filters import FIELDS
from marcus_events.core.state import AGENT_STATUSES, TASK_STATUSES
from marcus_events.log.sql_filter import CONDITIONS
from marcus_events.models import ProjectionName
from marcus_events.projections import PROJECTIONS
from marcus_events.search import tsquery
from marcus_events.search.facets import FIELDS as FACETS
from server.services import WORK

ROOT = Path(__file__).parents[1]
STYLES = "\n".join(path.read_text() for path in sorted((ROOT / "static/css").glob("*.css")))
LOOKS = {"stuck", "caught"}  # of a task in the picture of dependencies, beside its status


def styled(pattern: str) -> set[str]:
    return set(re.findall(pattern, STYLES))


def test_every_task_status_has_an_icon_and_words() -> None:
    assert set(ICONS) == {*dependency_graph.STATUSES, *LOOKS}
    assert set(dependency_graph.STATUSES) == {*TASK_STATUSES, "unknown"}


def test_every_task_status_is_in_one_column_of_a_board_which_has_a_template() -> None:
    assert sorted(status for _, statuses in COLUMNS.values() for status in statuses) == sorted(TASK_STATUSES)
    assert set(EMPTY) == set(COLUMNS)
    templates = {path.stem.removeprefix("_column_") for path in (ROOT / "templates/boards").glob("_column_*.html")}
    assert templates == set(COLUMNS)


def test_styles_know_every_task_status_and_no_other() -> None:
    known = {*TASK_STATUSES, "unknown", *LOOKS}
    assert styled(r'data-(?:status|look)="(\w+)"') <= known
    assert styled(r"\.bar-(\w+)") == set(TASK_STATUSES)


def test_agents_have_these_statuses_and_others_of_their_own() -> None:
    assert set(KINDS) == {*AGENT_STATUSES, "other", "offline", "silent"} == set(TITLES) == set(TOP) == set(HEALTH_KINDS)
    assert styled(r"\.k-(\w+)") == set(KINDS)


@pytest.mark.parametrize("listed", [SEVERITY_WEIGHT, dict(SEVERITY_CHOICES)])
def test_severities(listed: Collection[str]) -> None:
    assert list(listed) == list(SEVERITIES)


def test_categories() -> None:
    assert set(counters.TITLES) == set(CATEGORIES)


def test_every_filter_field_is_known_to_the_log_and_to_the_index() -> None:
    assert set(tsquery.PARTS) == set(FIELDS)
    assert {*CONDITIONS, "text"} == set(FIELDS)  # words are the index's alone


def test_parameters_are_fields_of_a_filter() -> None:
    assert {parameter.name for parameter in FILTER_PARAMETERS} <= set(FIELDS)
    assert set(FACETS) <= set(FIELDS)
    assert set(PARAMETERS.values()) <= set(FIELDS)
    assert set(PARAMETERS) <= set(parameter_names(PageState))


def test_every_projection_is_named_and_run_once() -> None:
    names = [projection.name for projection in PROJECTIONS]
    assert sorted(names) == sorted(set(ProjectionName) - {ProjectionName.SEAL})
    prefix = "projector of "
    services = [service.name.removeprefix(prefix) for service in WORK if service.name.startswith(prefix)]
    assert sorted(name for service in services for name in service.split(" and ")) == sorted(names)


def test_pages_of_boards() -> None:
    """Without any board, nothing is left of these."""
    of_boards = {name for name, page in PAGES.items() if page.of_boards}
    assert of_boards == {"now", "empty", "boards", "activity", "blocked", "agents", "agent", "history", "health"}
