"""The questions that agents asked through this proxy and that are not settled, and the agents it knows.

They are on disk, in SQLite, so they survive a restart. Only these are answered by the proxy: agents of two Marcus may
have the same ids, and an answer must not reach the other one.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from marcus_events.core.event import utc_now
from marcus_events.core.text_identity import normalised

REMEMBERED = timedelta(days=30)  # after a question was asked: longer than any agent waits
TABLES = """
CREATE TABLE IF NOT EXISTS question (
    task_id TEXT, question TEXT, agent_id TEXT, report_id TEXT, task TEXT, asked_at REAL,
    delivered_to TEXT NOT NULL DEFAULT '', is_recorded INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (task_id, question)
);
CREATE TABLE IF NOT EXISTS agent (agent_id TEXT PRIMARY KEY, skills TEXT, called_at REAL);
"""
ALL = "SELECT task_id, question, agent_id, report_id, task, asked_at, delivered_to, is_recorded FROM question"
SAVE_CALLS_EVERY = timedelta(minutes=1)  # when an agent has last called


@dataclass(frozen=True)
class AskedQuestion:
    """`report_id` is the id of the event that reported the blocker, and `task` what Marcus gave to the agent.

    `delivered_to` is the agent that has received the answer, "" if none; `is_recorded` says that the log has the
    delivery.
    """

    task_id: str
    question: str
    agent_id: str
    report_id: str
    task: dict[str, Any]
    asked_at: datetime
    delivered_to: str = ""
    is_recorded: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return self.task_id, self.question


@dataclass
class ProxiedAgent:
    called_at: datetime
    skills: frozenset[str] = frozenset()
    saved_at: datetime = field(default_factory=utc_now)


class AskedQuestions:
    """Safe to use from any thread. Reads are from memory."""

    def __init__(self, path: Path) -> None:
        """Raises sqlite3.Error or OSError if the file cannot be used."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.executescript(TABLES)
        oldest = (utc_now() - REMEMBERED).timestamp()
        self._connection.execute("DELETE FROM question WHERE asked_at < ?", (oldest,))
        self._questions = {found.key: found for found in self._read_questions()}
        self._agents = dict(self._read_agents())
        self._tasks: dict[str, dict[str, Any]] = {}  # agent → its last task

    def _read_questions(self) -> Iterator[AskedQuestion]:
        for row in self._connection.execute(ALL):
            task_id, question, agent_id, report_id, task, asked_at, *delivery = row
            about = (json.loads(task), datetime.fromtimestamp(asked_at, UTC))
            yield AskedQuestion(task_id, question, agent_id, report_id, *about, delivery[0], bool(delivery[1]))

    def _read_agents(self) -> Iterator[tuple[str, ProxiedAgent]]:
        for agent_id, skills, called_at in self._connection.execute("SELECT agent_id, skills, called_at FROM agent"):
            yield agent_id, ProxiedAgent(datetime.fromtimestamp(called_at, UTC), frozenset(json.loads(skills)))

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def note_call(self, agent_id: str, skills: Iterable[str] | None = None) -> None:
        """Note that an agent has just called, and its skills if it has stated them."""
        now = utc_now()
        with self._writing() as connection:
            agent = self._agents.setdefault(agent_id, ProxiedAgent(now, saved_at=now - SAVE_CALLS_EVERY))
            agent.called_at = now
            if skills is not None:
                agent.skills, agent.saved_at = frozenset(skills), now - SAVE_CALLS_EVERY
            if now - agent.saved_at >= SAVE_CALLS_EVERY:
                agent.saved_at = now
                row = (agent_id, json.dumps(sorted(agent.skills)), now.timestamp())
                connection.execute("INSERT OR REPLACE INTO agent VALUES (?, ?, ?)", row)

    def agent(self, agent_id: str) -> ProxiedAgent | None:
        return self._agents.get(agent_id)

    def agents_since(self, moment: datetime) -> int:
        """Return how many agents have called since then."""
        with self._lock:
            return sum(agent.called_at >= moment for agent in self._agents.values())

    def note_task(self, agent_id: str, task: dict[str, Any]) -> None:
        self._tasks[agent_id] = task

    def ask(self, agent_id: str, task_id: str, question: str, report_id: str) -> None:
        """Add a question. The same one asked again is open again."""
        last = self._tasks.get(agent_id, {})
        task = last if last.get("id") == task_id else {"id": task_id}
        asked = AskedQuestion(task_id, normalised(question), agent_id, report_id, task, utc_now())
        with self._writing() as connection:
            self._save(asked, connection)

    def note_followed(self, report_id: str, followed: str) -> None:
        """Note that a follower has published a report, under another id."""
        with self._lock:
            reported = [one for one in self._questions.values() if one.report_id == report_id]
        for question in reported:
            self._change(question, report_id=followed)

    def settle(self, question: AskedQuestion, delivered_to: str) -> None:
        """Note that this agent has received the answer."""
        self._change(question, delivered_to=delivered_to)

    def note_recorded(self, question: AskedQuestion) -> None:
        self._change(question, is_recorded=True)

    def forget(self, question: AskedQuestion) -> None:
        """Remove a question that will have no answer: its blocker has ended otherwise."""
        with self._writing() as connection:
            self._questions.pop(question.key, None)
            connection.execute("DELETE FROM question WHERE task_id = ? AND question = ?", question.key)

    def open(self) -> list[AskedQuestion]:
        """Return the questions whose answer nobody has received, oldest first."""
        with self._lock:
            return sorted(
                (one for one in self._questions.values() if not one.delivered_to), key=lambda one: one.asked_at
            )

    def unrecorded(self) -> list[AskedQuestion]:
        """Return the questions whose answer was received, and the log does not know."""
        with self._lock:
            return [one for one in self._questions.values() if one.delivered_to and not one.is_recorded]

    def current(self, question: AskedQuestion) -> AskedQuestion:
        """Return the question as it is now: a follower may have published its report meanwhile."""
        return self._questions.get(question.key, question)

    def of_task(self, task_id: str, agent_id: str) -> AskedQuestion | None:
        """Return the newest question about a task: the agent's own, else that of another one."""
        with self._lock:
            found = [one for one in self._questions.values() if one.task_id == task_id]
        return max(found, key=lambda one: (one.agent_id == agent_id, one.asked_at), default=None)

    def _change(self, question: AskedQuestion, **changes: Any) -> None:
        """Change what is stored of a question; nothing if it was removed meanwhile."""
        with self._writing() as connection:
            if stored := self._questions.get(question.key):
                self._save(replace(stored, **changes), connection)

    def _save(self, question: AskedQuestion, connection: sqlite3.Connection) -> None:
        self._questions[question.key] = question
        row = (
            *(question.task_id, question.question, question.agent_id, question.report_id),
            *(json.dumps(question.task), question.asked_at.timestamp()),
            *(question.delivered_to, int(question.is_recorded)),
        )
        connection.execute("INSERT OR REPLACE INTO question VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            yield self._connection
