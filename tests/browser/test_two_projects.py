"""Two projects followed at once, whose agents have the same ids: whoever looks at one sees nothing of the other."""

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.application import Application
from tests.sources.boards import BOARD, report_blocker
from tests.sources.installations import copy_run, other_run, rows_of

HERE, THERE = "Storefront", "Warehouse"
TASKS = "SELECT id FROM tasks WHERE assigned_to = 'agent_claude_1' ORDER BY id"  # of an agent that both projects have
READ_WITHIN = 30_000  # milliseconds
FILTERED_BY_BOARD = ("/", "/activity/", "/blocked/", "/agents/")


@pytest.fixture(scope="module")
def projects(application: Application, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """The folder of each project, by its name. Both are followed."""
    to = tmp_path_factory.mktemp("projects")
    found = {HERE: copy_run(to / "here"), THERE: other_run(to / "there", THERE)}
    with following(application, found[HERE]), following(application, found[THERE]):
        yield found


@contextmanager
def following(application: Application, root: Path) -> Iterator[None]:
    follower = application.start_command("follow", str(root))
    try:
        yield
    finally:
        follower.send_signal(signal.SIGTERM)
        assert follower.wait(180) == 0


@pytest.fixture
def chosen(signed_in: Page, projects: dict[str, Path]) -> Page:
    """On Now, where the one project is chosen, and both have been read."""
    expect(signed_in.locator(".verdict-text")).to_have_text("All 50 tasks are done.", timeout=READ_WITHIN)
    choose(signed_in, HERE)
    return signed_in


def choose(page: Page, name: str) -> None:
    page.get_by_label("Board", exact=True).select_option(name)
    expect(page).to_have_url(re.compile("board="))
    expect(page.locator("#connection")).to_have_text("Live")


def report(root: Path, description: str) -> None:
    """An agent of a project reports that it cannot go on with the first of its tasks."""
    [(task_id,), *_] = rows_of(root / BOARD, TASKS)
    report_blocker(root, description, task_id)


def test_on_no_page_of_one_project_stands_anything_of_the_other(chosen: Page, application: Application) -> None:
    board = chosen.url.partition("board=")[2]
    pages = [f"{path}?board={board}" for path in FILTERED_BY_BOARD] + [f"/boards/{board}/"]
    for path in pages:
        chosen.goto(application.base_url + path)
        content = chosen.locator("main, #bell, #toasts, #spoken").all_text_contents()
        expect(chosen.get_by_label("Board", exact=True).locator("option:checked")).to_have_text(HERE)
        assert THERE not in "".join(content), path
    chosen.goto(f"{application.base_url}/boards/{board}/")
    expect(chosen.locator("#columns")).to_contain_text("25")


def test_what_happens_in_the_other_is_neither_shown_nor_told(
    chosen: Page, projects: dict[str, Path], application: Application
) -> None:
    total = chosen.locator("#counters .section-head").inner_text()
    report(projects[THERE], "Which shelf?")
    expect(chosen.locator("#bell")).to_have_attribute("title", "No open blockers; 1 on other boards")
    report(projects[HERE], "Which counter?")
    expect(chosen.get_by_role("alert")).to_contain_text("Which counter?")
    expect(chosen.get_by_role("alert")).to_have_count(1)
    expect(chosen.locator("#bell")).to_have_attribute("data-open", "1")
    expect(chosen).to_have_title("(1) Now · Marcus Events")
    assert "Which shelf?" not in chosen.locator("body").inner_text()
    assert chosen.locator("#counters .section-head").inner_text() != total
    choose(chosen, THERE)
    expect(chosen.locator("#needs")).to_contain_text("Which shelf?")
    assert "Which counter?" not in chosen.locator("body").inner_text()
