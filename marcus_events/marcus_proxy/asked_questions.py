"""The questions that agents asked through the proxies of one Marcus, and the agents that they know.

They are in SQLite: they survive a restart, and the proxies that clients start over standard input share them. Only
these questions are answered: agents of two Marcus installations may have the same ids, and an answer must not reach the
other one.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from marcus_events.core.event import utc_now
from marcus_events.core.text_identity import normalised

REMEMBERED = timedelta(days=30)  # after a question was asked, or an agent has called: longer than any agent waits
BUSY_TIMEOUT_S = 1.0  # for the writes of another proxy
MAX_OPEN = 200  # questions that an agent may get the answer of, newest first
TABLES = """
CREATE TABLE IF NOT EXISTS question (
    task_id TEXT, question TEXT, agent_id TEXT, report_id TEXT, task TEXT, asked_at REAL,
    delivered_to TEXT NOT NULL DEFAULT '', is_recorded INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (task_id, question)
);
CREATE TABLE IF NOT EXISTS agent (
    agent_id TEXT PRIMARY KEY, skills TEXT NOT NULL DEFAULT '[]', task TEXT NOT NULL DEFAULT '{}', called_at REAL
);
"""
QUESTIONS = "SELECT task_id, question, agent_id, report_id, task, asked_at, delivered_to, is_recorded FROM question"
OPEN = f"{QUESTIONS} WHERE delivered_to = '' ORDER BY asked_at DESC LIMIT {MAX_OPEN}"
INSERT = "INSERT OR {} INTO question VALUES (?, ?, ?, ?, ?, ?, '', 0)"
NOTE_CALL = """INSERT INTO agent (agent_id, called_at) VALUES (?, ?)
    ON CONFLICT (agent_id) DO UPDATE SET called_at = excluded.called_at"""


@dataclass(frozen=True)
class AskedQuestion:
    """`report_id` is the id of the event that reported the blocker. It is "" until Marcus has answered the report: a
    proxy that was killed meanwhile finds the blocker by its question. `task` is what Marcus gave to the agent.

    `delivered_to` is the agent that has received the answer, "" if none; `is_recorded` says that the log has the
    delivery.
    """

    task_id: str
    question: str
    agent_id: str
    report_id: str
    task: dict[str, Any]
    asked_at: datetime
    delivered_to: str
    is_recorded: bool

    @property
    def key(self) -> tuple[str, str]:
        return self.task_id, self.question


@dataclass(frozen=True)
class ProxiedAgent:
    called_at: datetime
    skills: frozenset[str]
    task: dict[str, Any]


class AskedQuestions:
    """Safe to use from any thread. Methods raise sqlite3.Error if the file fails, and UnicodeEncodeError for half of a
    surrogate pair.
    """

    def __init__(self, path: Path) -> None:
        """Raises sqlite3.Error or OSError if the file cannot be used."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.executescript(TABLES)
        self.prune()

    def prune(self) -> None:
        oldest = (utc_now() - REMEMBERED).timestamp()
        self._rows("DELETE FROM question WHERE asked_at < ?", oldest)
        self._rows("DELETE FROM agent WHERE called_at < ?", oldest)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def note_call(self, agent_id: str, skills: Iterable[str] | None = None) -> None:
        """Note that an agent has just called, and its skills if it has stated them."""
        self._rows(NOTE_CALL, agent_id, utc_now().timestamp())
        if skills is not None:
            self._rows("UPDATE agent SET skills = ? WHERE agent_id = ?", json.dumps(sorted(skills)), agent_id)

    def note_task(self, agent_id: str, task: dict[str, Any]) -> None:
        """Note the task that an agent has got from Marcus."""
        self._rows("UPDATE agent SET task = ? WHERE agent_id = ?", json.dumps(task), agent_id)

    def agent(self, agent_id: str) -> ProxiedAgent | None:
        for skills, task, called_at in self._rows(
            "SELECT skills, task, called_at FROM agent WHERE agent_id = ?", agent_id
        ):
            return ProxiedAgent(datetime.fromtimestamp(called_at, UTC), frozenset(json.loads(skills)), json.loads(task))
        return None

    def agents_since(self, moment: datetime) -> int:
        """Return how many agents have called since then."""
        return int(self._rows("SELECT count(*) FROM agent WHERE called_at >= ?", moment.timestamp())[0][0])

    def ask(self, agent_id: str, task_id: str, question: str, report_id: str) -> None:
        """Add a question. The same one asked again is open again."""
        self._rows(INSERT.format("REPLACE"), *self._row(agent_id, task_id, question, report_id))

    def begin(self, agent_id: str, task_id: str, question: str) -> None:
        """Note that Marcus is about to be told of a question, unless it is known."""
        self._rows(INSERT.format("IGNORE"), *self._row(agent_id, task_id, question, ""))

    def withdraw(self, task_id: str, question: str) -> None:
        """Remove a question that Marcus has refused."""
        statement = "DELETE FROM question WHERE task_id = ? AND question = ? AND report_id = ''"
        self._rows(statement, task_id, normalised(question))

    def _row(self, agent_id: str, task_id: str, question: str, report_id: str) -> tuple[str | float, ...]:
        agent = self.agent(agent_id)
        task = agent.task if agent and agent.task.get("id") == task_id else {"id": task_id}
        return (task_id, normalised(question), agent_id, report_id, json.dumps(task), utc_now().timestamp())

    def note_followed(self, report_id: str, followed: str) -> None:
        """Note that a follower has published a report, under another id."""
        self._rows("UPDATE question SET report_id = ? WHERE report_id = ?", followed, report_id)

    def settle(self, question: AskedQuestion, delivered_to: str) -> None:
        """Note that this agent has received the answer."""
        self._change(question, "delivered_to = ?", delivered_to)

    def note_recorded(self, question: AskedQuestion) -> None:
        self._change(question, "is_recorded = ?", 1)

    def forget(self, question: AskedQuestion) -> None:
        """Remove a question that will have no answer: its blocker has ended otherwise."""
        self._rows("DELETE FROM question WHERE task_id = ? AND question = ?", *question.key)

    def open(self) -> list[AskedQuestion]:
        """Return the newest questions whose answer nobody has received, oldest first."""
        return self._questions(OPEN)[::-1]

    def open_of(self, agent_id: str) -> list[AskedQuestion]:
        """Return the agent's own questions whose answer nobody has received, oldest first."""
        return self._questions(f"{QUESTIONS} WHERE delivered_to = '' AND agent_id = ? ORDER BY asked_at", agent_id)

    def unrecorded(self) -> list[AskedQuestion]:
        """Return the questions whose answer was received, and the log does not know."""
        return self._questions(f"{QUESTIONS} WHERE delivered_to <> '' AND NOT is_recorded")

    def of_task(self, task_id: str) -> list[AskedQuestion]:
        """Return the questions about a task, newest first."""
        return self._questions(f"{QUESTIONS} WHERE task_id = ? ORDER BY asked_at DESC", task_id)

    def current(self, question: AskedQuestion) -> AskedQuestion:
        """Return the question as it is now: a follower may have published its report meanwhile."""
        found = self._questions(f"{QUESTIONS} WHERE task_id = ? AND question = ?", *question.key)
        return found[0] if found else question

    def _questions(self, query: str, *values: Any) -> list[AskedQuestion]:
        return [question_of(row) for row in self._rows(query, *values)]

    def _change(self, question: AskedQuestion, change: str, value: Any) -> None:
        statement = f"UPDATE question SET {change} WHERE task_id = ? AND question = ?"  # noqa: S608 - of this module
        self._rows(statement, value, *question.key)

    def _rows(self, statement: str, *values: Any) -> Sequence[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(statement, values).fetchall()


def question_of(row: tuple[Any, ...]) -> AskedQuestion:
    task_id, question, agent_id, report_id, task, asked_at, delivered_to, is_recorded = row
    about = (json.loads(task), datetime.fromtimestamp(asked_at, UTC))
    return AskedQuestion(task_id, question, agent_id, report_id, *about, delivered_to, bool(is_recorded))
