"""Three boards that depend on one another in a chain and in a circle. A viewer sees two of them; what is on the third
is "a task on another board" to them, in pages, API, sockets and exports alike.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.pages.boards import queries as boards
from dashboard.pages.tasks import queries as task
from dashboard.queries import blockers, dependency_graph
from dashboard.queries.root_causes import causes
from dashboard.visibility import EVERYTHING, Scope, Visibility
from marcus_events.access import roles, tokens
from marcus_events.core.event import Event, utc_now
from marcus_events.live.hub import Hub
from tests.access.boards import signed_in
from tests.api.program import Program
from tests.dashboard.listening import opened
from tests.dashboard.publishing import event, publish
from tests.websocket.conversation import bearer, connected_program
from tests.websocket_line import in_thread

MARK = "zqxwkvj"
NORTH, SOUTH, VAULT = "north", "south", f"{MARK}-vault"
HIDDEN = f"{MARK}-1"
SOME = Visibility(frozenset((NORTH, SOUTH)))
ANOTHER = "a task on another board"


def created(board: str, *tasks: str) -> list[Event]:
    named = [event("task_created", board=board, ago=50, task_id=task, task_name=f"Build {task}") for task in tasks]
    return [event("project_created", board=board, ago=60, project_name=f"The {board}"), *named]


def depends(board: str, task: str, on: str, **more: Any) -> Event:
    return event("dependency_detected", board=board, ago=40, task_id=task, depends_on_id=on, **more)


def blocked(board: str, task: str) -> Event:
    return event("task_blocked", board=board, ago=30, task_id=task, agent_id="agent_1", description="No key")


def chain() -> list[Event]:
    """north-1, which is blocked, ← one of the vault ← south-1 ← south-2."""
    return [
        *created(NORTH, "north-1", "north-2"),
        *created(SOUTH, "south-1", "south-2"),
        *created(VAULT, HIDDEN),
        depends(VAULT, HIDDEN, "north-1"),
        depends(SOUTH, "south-1", HIDDEN, depends_on_name=f"Build {HIDDEN}", depends_on_board_id=VAULT),
        depends(SOUTH, "south-2", "south-1"),
        blocked(NORTH, "north-1"),
    ]


def circle() -> list[Event]:
    return [
        *created(NORTH, "north-1"),
        *created(SOUTH, "south-1"),
        *created(VAULT, HIDDEN),
        depends(NORTH, "north-1", "south-1"),
        depends(SOUTH, "south-1", HIDDEN),
        depends(VAULT, HIDDEN, "north-1"),
    ]


def viewer() -> Client:
    user = User.objects.create_user("viewer")
    roles.assign_role(user, roles.VIEWER)
    roles.grant_boards(user, [NORTH, SOUTH], every=False)
    return signed_in(user)


def program(*boards: str) -> Program:
    return Program(made_token(*boards))


def made_token(*boards: str) -> str:
    return tokens.create(f"reader {len(boards)}", ["read"], boards=list(boards))


def behind(scope: Scope) -> list[tuple[str, str]]:
    [need] = blockers.open_blockers(scope)
    return [(task.board, task.name) for task in need.waiting]


@pytest.mark.usefixtures("log")
def test_what_waits_on_other_boards_is_counted_and_costs() -> None:
    publish(*chain())
    assert behind(Scope(EVERYTHING)) == [
        ("The south", "Build south-1"),
        ("The south", "Build south-2"),
        (f"The {VAULT}", f"Build {HIDDEN}"),
    ]
    needs = blockers.open_blockers(Scope(EVERYTHING))
    assert blockers.waiting_in_all(needs) == 3
    [cause] = causes(needs, utc_now())
    assert len(cause.waiting) == 3
    assert cause.cost == pytest.approx(needs[0].cost, rel=0.01)


@pytest.mark.usefixtures("log")
def test_a_task_that_is_not_seen_counts_and_says_no_more() -> None:
    publish(*chain())
    assert sorted(behind(Scope(SOME))) == [
        ("", ANOTHER),
        ("The south", "Build south-1"),
        ("The south", "Build south-2"),
    ]


@pytest.mark.usefixtures("log")
def test_the_status_of_a_task_that_is_not_seen_changes_nothing() -> None:
    publish(*chain())
    before = behind(Scope(SOME))
    publish(event("task_completed", board=VAULT, task_id=HIDDEN, agent_id="agent_2"))
    assert behind(Scope(SOME)) == before
    assert behind(Scope(EVERYTHING)) == []


@pytest.mark.usefixtures("log")
def test_a_board_is_held_up_by_what_is_blocked_on_another() -> None:
    publish(*chain())
    found = {item.board.board_id: item for item in boards.summaries(Scope(EVERYTHING))}
    assert (found[SOUTH].open_blockers, found[SOUTH].waiting) == (0, 2)
    assert (found[NORTH].open_blockers, found[NORTH].waiting) == (1, 0)
    assert "blocked or waiting behind" in getattr(found[SOUTH].forecast, "reason", "")


@pytest.mark.usefixtures("log")
def test_the_picture_holds_what_is_linked_on_other_boards() -> None:
    publish(*chain())
    south = {box.name: box for box in dependency_graph.dependencies(Scope(EVERYTHING, SOUTH)).boxes}
    assert set(south) == {"Build south-1", "Build south-2", f"Build {HIDDEN}"}
    assert south["Build south-2"].stuck_behind == ["Build north-1 (on The north)"]
    north = dependency_graph.dependencies(Scope(EVERYTHING, NORTH))
    assert {(box.name, box.board) for box in north.boxes if box.board} == {(f"Build {HIDDEN}", f"The {VAULT}")}
    seen = {box.name: box for box in dependency_graph.dependencies(Scope(SOME, SOUTH)).boxes}
    assert (seen[ANOTHER].status, seen[ANOTHER].task, seen[ANOTHER].words) == (
        "unknown",
        None,
        "On a board you cannot see",
    )


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("board", [NORTH, SOUTH])
def test_a_circle_over_three_boards_is_one_for_those_too_who_see_two(board: str) -> None:
    publish(*circle())
    [names] = dependency_graph.dependencies(Scope(SOME, board)).circles
    assert len(names) == 3
    assert ANOTHER in names
    [names] = dependency_graph.dependencies(Scope(EVERYTHING, board)).circles
    assert sum(HIDDEN in name for name in names) == 1


@pytest.mark.usefixtures("log")
def test_a_task_names_what_it_waits_for_on_another_board() -> None:
    publish(*circle())
    found = task.detail(Scope(EVERYTHING, NORTH), "north-1")
    assert found
    assert [(item.name, item.board) for item in found.links.depends_on.tasks] == [("Build south-1", "The south")]
    assert [(item.name, item.board) for item in found.links.waiting.tasks[:1]] == [(f"Build {HIDDEN}", f"The {VAULT}")]
    seen = task.detail(Scope(SOME, NORTH), "north-1")
    assert seen
    assert [(item.name, item.task_id, item.is_hidden) for item in seen.links.waiting.tasks[:1]] == [(ANOTHER, "", True)]


@pytest.mark.usefixtures("log")
def test_a_board_that_is_named_counts_before_the_events_own() -> None:
    publish(*created(NORTH, "a", "1"), *created(SOUTH, "1"), depends(NORTH, "a", "1", depends_on_board_id=SOUTH))
    publish(depends(NORTH, "a", "1"))
    found = task.detail(Scope(EVERYTHING, NORTH), "a")
    assert found
    assert sorted(item.board for item in found.links.depends_on.tasks) == ["", "The south"]


@pytest.mark.usefixtures("log")
def test_an_id_that_several_other_boards_use_is_no_reason_to_guess() -> None:
    publish(*created(NORTH, "a"), *created(SOUTH, "1"), *created(VAULT, "1"), depends(NORTH, "a", "1"))
    found = task.detail(Scope(EVERYTHING, NORTH), "a")
    assert found
    assert [(item.name, item.board, item.task) for item in found.links.depends_on.tasks] == [("1", "", None)]


@pytest.mark.usefixtures("log")
def test_a_task_that_is_created_later_is_found() -> None:
    publish(*created(NORTH, "a"), depends(NORTH, "a", "late"))
    publish(*created(SOUTH, "late"))
    found = task.detail(Scope(EVERYTHING, NORTH), "a")
    assert found
    assert [(item.name, item.board) for item in found.links.depends_on.tasks] == [("Build late", "The south")]


@pytest.mark.usefixtures("log")
def test_the_api_names_the_board_of_what_a_task_depends_on_to_whoever_sees_it() -> None:
    positions = publish(*chain())
    reader = program()
    told = {row["task_id"]: row for row in reader.read("/api/tasks")["tasks"]}
    assert told["south-1"]["depends_on"] == [{"task_id": HIDDEN, "board_id": VAULT}]
    assert (told["north-1"]["waiting_behind"], told[HIDDEN]["waiting_behind"]) == (3, 2)
    some = {row["task_id"]: row for row in program(NORTH, SOUTH).read("/api/tasks")["tasks"]}
    assert some["south-1"]["depends_on"] == [{"task_id": None, "board_id": None}]
    assert some["south-2"]["depends_on"] == [{"task_id": "south-1", "board_id": SOUTH}]
    assert some["north-1"]["waiting_behind"] == 3
    before = {row["task_id"]: row for row in reader.read("/api/tasks", as_of=positions[6])["tasks"]}
    assert [row["waiting_behind"] for row in before.values()] == [0] * len(before)


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("told", [chain, circle])
def test_no_answer_of_the_api_holds_anything_of_the_board_that_is_not_seen(told: Any) -> None:
    positions = publish(*told())
    reader = program(NORTH, SOUTH)
    paths = ["boards", "tasks", "blockers", "agents", "counters", "events", "events/wait?after=0&timeout=0"]
    for path in [*paths, *(f"events/{position}" for position in positions)]:
        assert MARK not in reader.get(f"/api/{path}").content.decode(), path
    [found] = reader.read("/api/events", q="task:south-1 type:dependency_detected")["events"]
    assert (found["data"]["depends_on_id"], found["data"]["depends_on_name"]) == (None, ANOTHER)
    assert "depends_on_board_id" not in found["data"]
    assert MARK in json.dumps(program().read("/api/events"))


@pytest.mark.parametrize("told", [chain, circle])
def test_no_page_holds_anything_of_the_board_that_is_not_seen(log: None, told: Any) -> None:
    positions, client = publish(*told()), viewer()
    [need] = blockers.open_rows(Scope(EVERYTHING)).values_list("blocker_id", flat=True) or [0]
    paths = ["/", "/boards/", "/blocked/", "/activity/", "/activity/rows/?after=0", "/agents/", "/history/"]
    tabs = ("", "?tab=dependencies", "?tab=timeline", "?tab=knowledge")
    paths += [f"/boards/{board}/{tab}" for board in (NORTH, SOUTH) for tab in tabs] + [
        f"/blocked/{need}/",
        "/?board=north",
    ]
    paths += [f"/tasks/?board={board}&task={board}-1" for board in (NORTH, SOUTH)]
    paths += [f"/activity/{position}/" for position in positions]
    paths += ["/history/complete/?word=task:", "/history/complete/?word=board:"]
    for path in paths:
        assert MARK not in client.get(path).content.decode(), path
    assert ANOTHER in client.get("/boards/south/?tab=dependencies").content.decode().lower()


async def test_no_socket_sends_anything_of_the_board_that_is_not_seen(hub: Hub) -> None:
    def made() -> tuple[str, str]:
        publish(*chain())
        return made_token(NORTH, SOUTH), f"sessionid={viewer().cookies['sessionid'].value}"

    token, cookie = await in_thread(made)
    async with connected_program(bearer(token)) as reader:
        await reader.ask(action="subscribe", id="a", after=0)
        await reader.until("caught_up")
        await in_thread(lambda: publish(depends(NORTH, "north-2", HIDDEN)))
        await reader.until("event", id="a")
        assert MARK not in json.dumps(reader.frames)
    async with opened(cookie, "activity") as page:
        await page.frame()
        await in_thread(lambda: publish(depends(NORTH, "north-2", HIDDEN)))
        await page.until(lambda found: found.positions())
        assert MARK not in str(page.frames)


@pytest.mark.usefixtures("log")
def test_what_lies_between_two_boards_that_are_not_seen_is_not_followed() -> None:
    """Else the order of tasks on a hidden board could be read off one's own."""
    publish(*created(NORTH, "north-1"), *created(VAULT, HIDDEN, f"{MARK}-2"), blocked(NORTH, "north-1"))
    publish(depends(VAULT, HIDDEN, "north-1"), depends(VAULT, f"{MARK}-2", HIDDEN))
    assert behind(Scope(SOME)) == [("", ANOTHER)]
    assert len(behind(Scope(EVERYTHING))) == 2


@pytest.mark.usefixtures("log")
def test_an_answer_about_one_board_is_masked_by_all_boards_that_are_seen() -> None:
    """Of the boards that are seen, one is asked for: what its tasks depend on elsewhere is still told."""
    publish(*circle())
    [found] = program(NORTH, SOUTH).read("/api/events", board=NORTH, type="dependency_detected")["events"]
    assert found["data"]["depends_on_id"] == "south-1"


@pytest.mark.usefixtures("log")
def test_lists_are_masked_item_by_item() -> None:
    publish(*created(NORTH, "near"), *created(VAULT, HIDDEN))
    publish(event("task_created", board=NORTH, task_id="a", depends_on=["near", HIDDEN]))
    [found] = program(NORTH).read("/api/events", task="a")["events"]
    assert found["data"]["depends_on"] == ["near", None]


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("name", ["depends_on", "depends_on_id"])
@pytest.mark.parametrize("value", [HIDDEN, [HIDDEN], [{"task_id": 1}, HIDDEN, 5, None, ["near"]], ["near", HIDDEN]])
def test_an_id_is_hidden_in_whatever_form_it_is_given(name: str, value: Any) -> None:
    publish(*created(NORTH, "near"), *created(VAULT, HIDDEN))
    publish(event("dependency_detected", board=NORTH, task_id="near", **{name: value}))
    answer = program(NORTH).read("/api/events", type="dependency_detected")
    assert len(answer["events"]) == 1
    assert MARK not in json.dumps(answer)


def test_a_row_that_others_have_seen_is_not_shown_to_whoever_may_not_know_it(log: None) -> None:
    """Though the producer writes in the words of a mask."""
    publish(*created(NORTH, "near"), *created(VAULT, HIDDEN))
    publish(depends(NORTH, "near", HIDDEN, depends_on_name=ANOTHER))
    client, everything = viewer(), Client()
    everything.force_login(User.objects.create_superuser("root"))
    assert MARK in everything.get("/activity/?board=north").content.decode()
    assert MARK not in client.get("/activity/?board=north").content.decode()
    assert MARK in everything.get("/activity/?board=north").content.decode()
