"""The answers of people to the questions that were asked through this proxy.

An answer goes to the agent that asked. If that agent has not called for AWAY_AFTER, it goes to the next one that asks
for work and shares a skill with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from marcus_events.blockers import waiting
from marcus_events.core.event import RecordedEvent, utc_now
from marcus_events.core.reserved import person_in
from marcus_events.http.worker_threads import DATABASE_ERRORS, TOOL_THREADS, run_in_thread
from marcus_events.live.hub import get_hub
from marcus_events.log import identities
from marcus_events.marcus_proxy.asked_questions import AskedQuestion, AskedQuestions
from marcus_events.marcus_proxy.board_choice import BoardChoice
from marcus_events.mcp import tickets
from marcus_events.mcp.tool_shapes import EarlierAnswer
from marcus_events.models import Blocker, Task

AWAY_AFTER = timedelta(minutes=10)  # longer than Marcus tells agents to wait between two calls
DATABASE_TIMEOUT_S = 1.0  # a call of an agent waits no longer for the log
RETRY_S = 1.0  # while the log is away
PROGRAM = "marcus-proxy"  # in the source of events about deliveries
Result = TypeVar("Result")


@dataclass(frozen=True)
class Answer:
    """What has become of a question. `text` is "" if the blocker has ended without a person's answer."""

    blocker: Blocker
    text: str
    by: str
    at: datetime
    task_name: str
    progress: float  # of the task, percent

    @property
    def is_from_person(self) -> bool:
        return bool(self.text)


class Answers:
    def __init__(self, questions: AskedQuestions, board: BoardChoice) -> None:
        self.questions, self.board = questions, board

    def for_agent(self, agent_id: str) -> list[AskedQuestion]:
        """Return the questions whose answer this agent would receive: its own, and those of agents that are gone."""
        return [one for one in self.questions.open() if one.agent_id == agent_id or self._falls_to(agent_id, one)]

    def _falls_to(self, agent_id: str, question: AskedQuestion) -> bool:
        asker, agent = self.questions.agent(question.agent_id), self.questions.agent(agent_id)
        if asker is None or agent is None or utc_now() - asker.called_at < AWAY_AFTER:
            return False
        return not asker.skills or bool(asker.skills & agent.skills)

    async def first_of(self, questions: Sequence[AskedQuestion]) -> tuple[AskedQuestion, Answer] | None:
        """Return the first of these questions that has an answer. Raises TimeoutError or an error of the database."""
        async with asyncio.timeout(DATABASE_TIMEOUT_S):
            for question in questions:
                if answer := await self.find(question):
                    if answer.is_from_person:
                        return question, answer
                    self.questions.forget(question)
        return None

    async def find(self, question: AskedQuestion) -> Answer | None:
        """Return the answer; None if there is none yet. Raises TimeoutError or an error of the database."""
        return await in_time(partial(read_answer, self.questions.current(question)))

    async def wait(self, question: AskedQuestion, timeout_s: float) -> Answer | None:
        """Return the answer as soon as there is one, or None after the timeout. Survives the loss of the database."""
        with suppress(TimeoutError, *DATABASE_ERRORS):
            if answer := await self.find(question):
                return answer
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while True:
                    try:
                        return await self._next(question, timeout_s)
                    except (TimeoutError, *DATABASE_ERRORS):
                        await asyncio.sleep(RETRY_S)
        return None

    async def _next(self, question: AskedQuestion, timeout_s: float) -> Answer | None:
        """Read the blocker whenever the projection has applied an event of its task, until it has ended.

        It is read with every frame until it is there: its report may still get another id, see `note_followed`.
        """

        def concerns(event: RecordedEvent) -> bool:
            return event.task_id == question.task_id

        async with get_hub().subscribe(concerns) as subscription:
            blocker, is_recorded = None, False
            unread_to: int | None = get_hub().head
            async for frame in subscription:
                if frame.events or frame.missed or blocker is None:
                    unread_to = frame.head
                if unread_to is None or frame.projected < unread_to:
                    continue
                unread_to = None
                current = self.questions.current(question)
                blocker = await in_time(partial(find_blocker, current))
                if blocker is not None and blocker.resolved_at is not None:
                    return await self.find(current)
                if blocker is not None and not is_recorded:
                    is_recorded = True
                    await in_time(partial(waiting.record_blocker_awaited, blocker, PROGRAM, timeout_s))
        return None

    async def earlier(self, agent_id: str, task_id: str, question: str) -> list[EarlierAnswer]:
        """Return earlier answers to the same question on the task's board."""

        def read() -> list[EarlierAnswer]:
            board = self.board.board_of(task_id, agent_id)
            return tickets.earlier_answers(board, question) if board else []

        return await in_time(read)

    def record_deliveries(self) -> None:
        """Publish the deliveries that the log does not know. Raises an error of the database."""
        for question in self.questions.unrecorded():
            if blocker := find_blocker(question):
                waiting.record_answer_received(blocker, PROGRAM, question.delivered_to)
                self.questions.note_recorded(question)


async def in_time(work: Callable[[], Result]) -> Result:
    async with asyncio.timeout(DATABASE_TIMEOUT_S):
        return await run_in_thread(TOOL_THREADS, work)


def find_blocker(question: AskedQuestion) -> Blocker | None:
    """Return the blocker of a question; None until its report is published and in the tables."""
    report = identities.by_event_id(question.report_id)
    return tickets.find_blocker(report) if report else None


def read_answer(question: AskedQuestion) -> Answer | None:
    blocker = find_blocker(question)
    if blocker is None or blocker.resolved_at is None:
        return None
    task = Task.objects.now().filter(board_id=blocker.board_id, task_id=blocker.task_id).first()
    text = blocker.resolution if blocker.answer_id else ""
    by = person_in(blocker.resolved_by) or blocker.resolved_by
    about_task = (task.name, task.progress) if task else ("", 0.0)
    return Answer(blocker, text, by, blocker.resolved_at, *about_task)
