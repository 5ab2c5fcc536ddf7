"""`manage.py simulate` on a real database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from marcus_events import models
from marcus_events.core.event import Event, utc_now
from marcus_events.core.filters import EventFilter
from marcus_events.core.reserved import Authority
from marcus_events.ingest import ingest
from marcus_events.log import read
from marcus_events.projections import PROJECTIONS, catch_up
from tests.log.processes import ROOT, conninfo_of_test_database
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("log")


def simulate(**options: Any) -> str:
    out = StringIO()
    call_command("simulate", rate=0.0, seed=4, stdout=out, **options)
    return out.getvalue()


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "manage.py", "simulate", *arguments]
    environment = os.environ | {"DATABASE_URL": conninfo_of_test_database()}
    environment["DJANGO_SETTINGS_MODULE"] = "config.settings"
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def newest(query: str) -> Event | None:
    found = read.events(EventFilter.parse(query), limit=1)
    return found[0].event if found else None


def test_two_hundred_events_are_a_board_with_tasks_and_agents_at_work() -> None:
    told = simulate(events=200, board="Storefront", agents=4)
    assert told.splitlines()[-1] == "200 events published. Last board: “Storefront”"
    assert read.head().position == 200
    catch_up(PROJECTIONS)
    (board,) = models.Board.objects.now()
    assert (board.board_id, board.name) == ("sim-4-board-1", "Storefront")
    assert models.Task.objects.now().filter(status="done").exists()
    assert {agent.name for agent in models.Agent.objects.now()} == {f"Claude {n}" for n in range(1, 5)}


def test_the_same_seed_once_more_is_another_project_and_nothing_is_taken_for_a_repeat() -> None:
    simulate(events=60)
    simulate(events=60)
    catch_up(PROJECTIONS)
    assert read.head().position == 120
    assert {board.board_id for board in models.Board.objects.now()} == {"sim-4-board-1", "sim-4-run2-board-1"}
    assert len({board.name for board in models.Board.objects.now()}) == 1


def test_a_past_can_be_invented_too() -> None:
    simulate(events=50, over=timedelta(days=10))
    times = [recorded.timestamp for recorded in read.events(EventFilter(), limit=50, newest_first=False)]
    assert times == sorted(times)
    assert timedelta(days=9) < times[-1] - times[0] <= timedelta(days=10)
    assert utc_now() - times[-1] < timedelta(days=1)


def test_a_past_needs_an_end() -> None:
    with pytest.raises(CommandError, match="needs --events"):
        simulate(over=timedelta(days=10))


def test_an_agent_goes_on_with_what_a_person_answers_and_ctrl_c_ends_it_in_order() -> None:
    process = start("--seed", "4", "--rate", "400", "--agents", "12", "--tasks", "1000")
    wait_until(lambda: newest("type:answer_awaited") is not None)
    asked = newest("type:answer_awaited")
    assert asked
    about = {name: asked.data[name] for name in ("task_id", "blocker_event_id")}
    ingest([Event("answer_1", utc_now(), "blocker_resolved", "user:ann", about, asked.metadata)], Authority.SYSTEM)
    wait_until(lambda: newest(f"type:answer_seen task:{about['task_id']}") is not None)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert (process.returncode, "Traceback" in err) == (0, False), err
    assert out.splitlines()[-1].startswith(f"{read.head().position - 1:,} events published")
