"""Root causes: what is missing for several tasks is one card and one answer, and all counts say the same."""

from __future__ import annotations

import threading
from datetime import timedelta
from math import log10
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.queries import blockers
from dashboard.queries.root_causes import RootCause, causes
from marcus_events.blockers import replies
from marcus_events.core.event import utc_now
from marcus_events.core.filters import EventFilter
from marcus_events.log import read
from marcus_events.models import Blocker
from tests.dashboard.conftest import may
from tests.dashboard.publishing import depends, event, publish
from tests.dashboard.reading import open_page
from tests.dashboard.scopes import on

TASKS = ("a", "b", "c")


def blocked(task: str, ago: float = 30, **more: Any) -> Any:
    said = {"description": "Which key?", "agent_id": f"agent_{task}", "severity": "medium"} | more
    return event("task_blocked", task_id=task, ago=ago, **said)


def found() -> list[RootCause]:
    now = utc_now()
    return causes(blockers.open_blockers(on(), now=now), now)


@pytest.fixture
def stuck(viewer: Client, projecting: threading.Event) -> Client:
    """Three tasks wait for one answer; another one for another."""
    created = [event("task_created", task_id=t, task_name=f"Build {t}", ago=50) for t in (*TASKS, "d", "other")]
    publish(*created, depends("d", "a"), depends("d", "b"), depends("c", "b"))
    publish(*(blocked(task) for task in TASKS), blocked("other", description="Which colour?"))
    return viewer


def of(task: str) -> Blocker:
    row = Blocker.objects.now().get(task_id=task)
    assert isinstance(row, Blocker)
    return row


def act(client: Client, task: str, name: str, others: tuple[str, ...] = (), **fields: str) -> Any:
    return client.post(f"/blocked/{of(task).blocker_id}/", {"act": name, "others": ids(*others), **fields})


def ids(*tasks: str) -> str:
    return " ".join(str(of(task).blocker_id) for task in tasks)


def newest(number: int) -> list[dict[str, Any]]:
    events = read.events(EventFilter(), limit=number)
    return [{"type": row.event_type, **row.data} | row.metadata for row in reversed(events)]


def test_a_cause_counts_each_task_behind_it_once_and_none_that_it_blocks_itself(stuck: Client) -> None:
    cause, other = found()
    assert [item.task for item in cause.items] == ["Build a", "Build b", "Build c"]
    assert [(task.task_id, task.name) for task in cause.waiting] == [("d", "Build d")]
    assert (len(other.items), other.waiting) == (1, [])
    assert cause.cost == pytest.approx(4 * other.cost, rel=0.01)


def test_the_same_words_on_another_board_are_another_cause(log: None) -> None:
    publish(blocked("a"), event("task_blocked", board="bank", task_id="a", description="Which key?"))
    assert [len(cause.items) for cause in found()] == [1, 1]


def test_many_small_ones_of_one_cause_come_before_a_single_larger_one(log: None) -> None:
    publish(*(blocked(task) for task in TASKS), blocked("single", description="Single", severity="high"))
    assert [len(cause.items) for cause in found()] == [3, 1]
    assert blockers.open_blockers(on())[0].blocker.description == "Single"


def test_a_cause_is_as_old_as_its_first_report_and_as_bad_as_its_worst(log: None) -> None:
    publish(blocked("a", ago=60), blocked("b", ago=5, severity="critical"))
    [cause] = found()
    assert (cause.severity, cause.blocker.task_id) == ("critical", "a")
    assert cause.cost == pytest.approx(2 * 8 * (1 + log10(60)), rel=0.01)


def test_now_shows_one_card_and_all_counts_agree(stuck: Client) -> None:
    page = open_page(stuck, "/")
    text = " ".join(page.text.split())
    assert len(page.with_id("need-")) == 2
    assert "3 tasks with this cause : Build a, Build b, Build c" in text.replace("cause:", "cause :")
    assert "4 tasks are waiting for a person, with 2 causes; 1 more is waiting behind them." in text
    assert "4 open blockers, 2 causes: one reply per cause" in text
    assert page.with_id("bell")[0]["data-open"] == "4"
    assert text.startswith("(4) Now")


def test_what_is_put_off_is_in_none_of_the_counts(stuck: Client) -> None:
    stuck.post(f"/blocked/{of('a').blocker_id}/", {"act": "snooze", "for": "2h", "others": ids("b", "c")})
    page = open_page(stuck, "/")
    text = " ".join(page.text.split())
    assert text.startswith("(1) Now")
    assert page.with_id("bell")[0]["data-open"] == "1"
    assert "1 task is waiting for a person; nothing else is waiting behind it." in text
    assert "3 snoozed blockers" in text
    blocked = " ".join(open_page(stuck, "/blocked/").text.split())
    assert "Open 1 " in blocked
    assert "Snoozed 3 " in blocked


def test_boards_that_nobody_works_on_come_last_whatever_their_blockers_cost(stuck: Client) -> None:
    day = 25 * 60
    publish(event("task_blocked", board="old", task_id="o", description="Old", severity="critical", ago=day))
    [*living, deserted] = found()
    assert [cause.first.blocker.board_id for cause in living] == ["shop", "shop"]
    assert deserted.cost > living[-1].cost
    for path in ("/", "/blocked/"):
        before, title, after = open_page(stuck, path).text.partition("Nobody is working on these boards")
        assert title
        assert "Which key?" in before
        assert "Old" in after
    act_on = Blocker.objects.now().get(task_id="o").blocker_id
    stuck.post(f"/blocked/{act_on}/", {"act": "take"})
    assert found()[-1].is_deserted, "a person's act is no sign of agents"
    publish(event("agent_status_changed", board="old", agent_id="agent_o", status="working"))
    assert not any(cause.is_deserted for cause in found())


def test_an_answer_goes_to_each_of_them_in_its_own_event_and_is_taken_back_at_once(stuck: Client) -> None:
    assert act(stuck, "a", "answer", ("b", "c"), answer="The blue one").status_code == 302
    told = newest(3)
    assert [(row["type"], row["task_id"]) for row in told] == [("blocker_answered", task) for task in TASKS]
    for row in told:
        assert row["blocker_event_id"] == row["causation_id"] == of(row["task_id"]).event_id
    assert "Undo all" in open_page(stuck, f"/blocked/{of('b').blocker_id}/").text
    assert act(stuck, "b", "withdraw").status_code == 302
    assert [row["type"] for row in newest(3)] == ["answer_withdrawn"] * 3
    assert [of(task).answer_id for task in TASKS] == ["", "", ""]


def test_an_answer_that_nobody_takes_back_resolves_all_of_them_each_by_its_own_event(stuck: Client) -> None:
    act(stuck, "a", "answer", ("b", "c"), answer="The blue one")
    Blocker.objects.now().filter(task_id__in=TASKS).update(answer_due=utc_now() - timedelta(seconds=5))
    assert replies.send_due_answers() == 3
    publish(event("context_updated"))
    assert {of(task).resolution for task in TASKS} == {"The blue one"}
    sent = [row for row in newest(4) if row["type"] == "blocker_resolved"]
    assert {(row["task_id"], row["causation_id"]) for row in sent} == {(task, of(task).event_id) for task in TASKS}
    assert of("other").resolved_at is None


@pytest.mark.parametrize(
    ("name", "fields", "column", "value"),
    [("acknowledge", {}, "acknowledged_by", "ada"), ("assign", {"assignee": "ada"}, "assignee", "ada")],
)
def test_other_acts_are_for_all_of_them_or_for_one_alone(
    stuck: Client, name: str, fields: dict[str, str], column: str, value: str
) -> None:
    act(stuck, "c", name, (), **fields)
    assert [getattr(of(task), column) for task in TASKS] == ["", "", value]
    act(stuck, "a", name, ("b", "c"), **fields)
    assert [getattr(of(task), column) for task in TASKS] == [value] * 3


def test_two_who_answer_for_the_same_tasks_see_each_other(stuck: Client) -> None:
    bob = Client()
    bob.force_login(may(User.objects.create_user("bob"), "handle_blocker", "see_every_board"))
    act(stuck, "a", "answer", ("b",), answer="The blue one")
    for task, others in (("b", ("a", "c")), ("c", ("a", "b"))):
        response = act(bob, task, "answer", others, answer="The <red> one")
        assert response.status_code == 409
        page = response.content.decode()
        assert "ada has just replied" in page
        assert "The &lt;red&gt; one" in page
    assert of("c").answer_id == ""
    assert "Build a" in page
    assert "eply by <bdi>ada</bdi>" in page
    assert act(bob, "c", "answer", answer="The red one").status_code == 302
    assert [of(task).answered_by for task in TASKS] == ["ada", "ada", "bob"]
    assert act(bob, "c", "withdraw").status_code == 302
    assert [of(task).answered_by for task in TASKS] == ["ada", "ada", ""]


def test_only_others_of_the_cause_are_acted_on_whatever_is_named(stuck: Client) -> None:
    act(stuck, "a", "acknowledge", ("other",))
    assert of("other").acknowledged_by == ""
    nonsense = {"act": "acknowledge", "others": f"x -1 {10**30} ² \N{REPLACEMENT CHARACTER} {of('b').blocker_id}"}
    assert stuck.post(f"/blocked/{of('a').blocker_id}/", nonsense).status_code == 302
    assert [of(task).acknowledged_by for task in TASKS] == ["ada", "ada", ""]


def test_blocked_groups_by_reason_and_shows_one_alone(stuck: Client) -> None:
    publish(blocked("late", ago=1, description="Which key?"))
    rows = [row["id"] for row in open_page(stuck, "/blocked/", {"sort": "cause"}).with_id("b") if "data-need" in row]
    assert rows == [f"b{of(task).blocker_id}" for task in (*TASKS, "late", "other")]
    [key] = {cause.key for cause in found() if len(cause.items) == 4}
    alone = open_page(stuck, "/blocked/", {"cause": key})
    assert "Which colour?" not in alone.text
    assert "4 tasks with this cause" in alone.text


def test_filters_of_blocked_leave_what_was_chosen_and_count_the_rest(stuck: Client) -> None:
    publish(blocked("bad", description="Which door?", severity="critical"))
    page = open_page(stuck, "/blocked/", {"severity": "critical", "sort": "age"})
    assert "Which door?" in page.text
    assert "Which key?" not in page.text
    assert "Open 5" in " ".join(page.text.split())
    assert {"?sort=age&severity=medium", "?sort=age"} <= set(page.leads())
    assert "No open blockers match these filters." in " ".join(
        open_page(stuck, "/blocked/", {"severity": "low"}).text.split()
    )
