"""The answers of people to the questions that were asked through the proxies of a Marcus.

An answer goes to the agent that asked. If that agent has not called for AWAY_AFTER, it goes to the next one that asks
for work and shares a skill with it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from django.db import Error as DatabaseError

from marcus_events.blockers import waiting
from marcus_events.core.event import RecordedEvent, utc_now
from marcus_events.core.reserved import person_in
from marcus_events.http.worker_threads import DATABASE_ERRORS, TOOL_THREADS, run_in_thread
from marcus_events.live.hub import get_hub
from marcus_events.log import identities
from marcus_events.marcus_proxy.asked_questions import AskedQuestion, AskedQuestions, ProxiedAgent
from marcus_events.marcus_proxy.board_choice import BoardChoice
from marcus_events.mcp import tickets
from marcus_events.mcp.tool_shapes import EarlierAnswer
from marcus_events.models import Blocker, Task

AWAY_AFTER = timedelta(minutes=10)  # longer than Marcus tells agents to wait between two calls
DATABASE_TIMEOUT_S = 1.0  # a call of an agent waits no longer for the log
CLOCK_SLACK = timedelta(minutes=1)  # between Marcus's clock and the proxy's
RETRY_S = 1.0  # while the log is away
PAUSE_S = 10.0  # between two calls that find the log away
PROGRAM = "marcus-proxy"  # in the source of events about deliveries
UNREADABLE = (TimeoutError, DatabaseError, *DATABASE_ERRORS)  # the log is away, slow, or not prepared
Result = TypeVar("Result")


@dataclass(frozen=True)
class Answer:
    """What has become of a question. `text` is "" if the blocker has ended without a person's answer."""

    text: str
    by: str
    at: datetime
    task_name: str
    progress: float  # of the task, percent

    @property
    def is_from_person(self) -> bool:
        return bool(self.text)


AnsweredQuestion = tuple[AskedQuestion, Answer]


class Answers:
    def __init__(self, questions: AskedQuestions, board: BoardChoice) -> None:
        self.questions, self.board = questions, board
        self._unreadable_until = 0.0  # on the monotonic clock

    def for_agent(self, agent_id: str, questions: Sequence[AskedQuestion]) -> list[AskedQuestion]:
        """Return those of these questions whose answer this agent may receive."""
        agent = self.questions.agent(agent_id)
        return [one for one in questions if agent_id in (one.agent_id, one.delivered_to) or self._falls_to(agent, one)]

    async def reported(self, questions: Sequence[AskedQuestion]) -> list[AskedQuestion]:
        """Return these questions without those that Marcus may not know: there is no answer to its call, or blocker."""
        found = []
        for question in questions:
            with suppress(*UNREADABLE):
                if question.report_id or await in_time(partial(find_blocker, question)) is not None:
                    found.append(question)
        return found

    def _falls_to(self, agent: ProxiedAgent | None, question: AskedQuestion) -> bool:
        if question.delivered_to or agent is None:
            return False
        asker = self.questions.agent(question.agent_id)
        if asker is None or utc_now() - asker.called_at < AWAY_AFTER:
            return False
        return not asker.skills or bool(asker.skills & agent.skills)

    async def first_of(self, questions: Sequence[AskedQuestion]) -> AnsweredQuestion | None:
        """Return the first of these questions that has an answer. Raises UNREADABLE.

        Questions whose blockers have ended otherwise are forgotten. After an error there are none for PAUSE_S, so that
        not every call of an agent waits for a log that is away.
        """
        if not questions or time.monotonic() < self._unreadable_until:
            return None
        try:
            found = await in_time(partial(read_answers, questions))
        except UNREADABLE:
            self._unreadable_until = time.monotonic() + PAUSE_S
            raise
        for question, answer in found:
            if answer.is_from_person:
                return question, answer
            self.questions.forget(question)
        return None

    async def wait(self, question: AskedQuestion, timeout_s: float) -> Answer | None:
        """Return the answer as soon as there is one, or None after the timeout. Survives the loss of the database."""
        with suppress(*UNREADABLE):
            if answer := await self._find(question):
                return answer
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while True:
                    try:
                        return await self._next(question, timeout_s)
                    except UNREADABLE:
                        await asyncio.sleep(RETRY_S)
        return None

    async def _find(self, question: AskedQuestion) -> Answer | None:
        current = self.questions.current(question)
        return next((answer for _, answer in await in_time(partial(read_answers, [current]))), None)

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
                blocker = await in_time(partial(find_blocker, self.questions.current(question)))
                if blocker is not None and blocker.resolved_at is not None:
                    return await self._find(question)
                if blocker is not None and not is_recorded:
                    is_recorded = True
                    await in_time(partial(waiting.record_blocker_awaited, blocker, PROGRAM, timeout_s))
        return None

    async def earlier(self, agent_id: str, task_id: str, question: str) -> list[EarlierAnswer]:
        """Return earlier answers to the same question on the task's board. Raises UNREADABLE."""

        def read() -> list[EarlierAnswer]:
            board = self.board.board_of(task_id, agent_id)
            return tickets.earlier_answers(board, question) if board else []

        return await in_time(read)

    def record_deliveries(self) -> None:
        """Publish the deliveries that the log does not know. Raises an error of the database."""
        for question in self.questions.unrecorded():
            blocker = find_blocker(question)
            if blocker is not None and blocker.resolved_at is not None:
                waiting.record_answer_received(blocker, PROGRAM, question.delivered_to)
                self.questions.note_recorded(question)


async def in_time(work: Callable[[], Result]) -> Result:
    async with asyncio.timeout(DATABASE_TIMEOUT_S):
        return await run_in_thread(TOOL_THREADS, work)


def read_answers(questions: Sequence[AskedQuestion]) -> list[AnsweredQuestion]:
    """Return the questions whose blockers have ended, in order, and what has become of them.

    Almost every blocker has the id of its report, so that one query finds those of all questions.
    """
    task_ids, report_ids = {one.task_id for one in questions}, {one.report_id for one in questions}
    rows = {row.event_id: row for row in Blocker.objects.now().filter(task_id__in=task_ids, event_id__in=report_ids)}
    found = [(question, rows.get(question.report_id) or find_blocker(question)) for question in questions]
    return [(question, answer_in(row)) for question, row in found if row is not None and row.resolved_at is not None]


def find_blocker(question: AskedQuestion) -> Blocker | None:
    """Return the blocker of a question; None until its report is published and in the tables.

    A report that repeats an open one belongs to its blocker. One that had ended before belongs to an earlier question.
    """
    if not question.report_id:
        return blocker_by_question(question)
    report = identities.by_event_id(question.report_id)
    blocker = tickets.find_blocker(report) if report else None
    if blocker is None or report is None or blocker.blocker_id == report.position:
        return blocker
    has_ended = blocker.resolved_at is not None and blocker.resolved_at < report.recorded_at
    return None if has_ended else blocker


def blocker_by_question(question: AskedQuestion) -> Blocker | None:
    """Return the newest blocker with this question, which a follower has read of Marcus."""
    same = {"task_id": question.task_id, "agent_id": question.agent_id, "description": question.question}
    found = Blocker.objects.now().filter(**same, opened_at__gte=question.asked_at - CLOCK_SLACK)
    newest: Blocker | None = found.order_by("-blocker_id").first()
    return newest


def answer_in(blocker: Blocker) -> Answer:
    """Return the answer in a blocker that has ended."""
    task = Task.objects.now().filter(board_id=blocker.board_id, task_id=blocker.task_id).first()
    text = blocker.resolution if blocker.answer_id else ""
    by = person_in(blocker.resolved_by) or blocker.resolved_by
    about_task = (task.name, task.progress) if task else ("", 0.0)
    return Answer(text, by, blocker.resolved_at or utc_now(), *about_task)
