"""Marcus acknowledges reports on tasks that do not exist. They move nothing there, and nothing here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sources import conversing as say
from tests.sources.conversing import START, at
from tests.sources.installations import REALTIME, Session, append, copy_run, read_once
from tests.sources.test_agent_requests import SOON, A, hear, names, stored

NO_TASK = "nosuchtask"


@pytest.fixture
def session(tmp_path: Path) -> Session:
    session = Session(copy_run(tmp_path / "run"))
    session.scan(now=START)
    return session


def test_what_marcus_acknowledged_of_a_task_that_its_board_does_not_have_is_told_as_refused(session: Session) -> None:
    told = hear(session, say.progress(A, NO_TASK, at(0), 10), say.received(A, at(1), 10))
    told += hear(session, say.blocker(A, NO_TASK, at(2), "Which format?"), say.acknowledged(A, at(3)))
    stored(session, "task_completed", at(4.5), A, task_id=NO_TASK, agent_id=A, success=True)
    told += hear(session, say.completion(A, NO_TASK, at(4)), say.closed(A, at(5)))
    assert names(told) == ["report_refused"] * 3
    assert {event.data["reason"] for event in told} == {"it acknowledged it, but its board has no such task"}
    assert read_once(session.root, session.log) == []


def test_a_late_acknowledgement_does_not_make_it_count(session: Session) -> None:
    hear(session, say.progress(A, NO_TASK, at(0), 10), say.request(A, at(1)), say.none_suitable(A, at(2)))
    assert hear(session, say.received(A, at(3), 10)) == []


def test_a_task_that_marcus_gave_out_counts_wherever_its_board_is(session: Session) -> None:
    append(session.root / REALTIME, {"timestamp": at(-5), "type": "task_assignment", "task_id": "77", "agent_id": A})
    assert names(session.scan(now=SOON)) == ["task_assigned"]
    assert names(hear(session, say.progress(A, "77", at(0), 10), say.received(A, at(1), 10))) == ["task_progress"]


def test_without_a_board_of_marcus_every_task_counts(session: Session) -> None:
    (session.root / "data/kanban.db").unlink()
    session.restart()
    session.scan(now=START)
    assert names(hear(session, say.progress(A, NO_TASK, at(0), 10), say.received(A, at(1), 10))) == ["task_progress"]
