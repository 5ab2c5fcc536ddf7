"""One call of a tool: the token, the arguments, and the agent and the board that they name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar

from django.db.models import QuerySet

from marcus_events.access.visibility import Visibility, visibility_of_token
from marcus_events.core.problem import Problem
from marcus_events.http.query_params import find_board_ids
from marcus_events.http.worker_threads import TOOL_THREADS, run_in_thread
from marcus_events.models import Task, Token

MAX_NAMED = 5  # boards in an error text
Result = TypeVar("Result")


@dataclass(frozen=True)
class ToolCall:
    token: Token
    arguments: dict[str, Any]

    @property
    def visibility(self) -> Visibility:
        return visibility_of_token(self.token)

    @property
    def agent(self) -> str:
        """The id of the agent that calls: the argument `agent`, or the default of the token; "" if it has none."""
        return self.text("agent") or default_agent(self.token)

    def text(self, name: str) -> str:
        """Return an argument, "" if it was left out."""
        return str(self.arguments.get(name, ""))

    def known(self, *names: str) -> dict[str, Any]:
        """Return those of these arguments that were given."""
        return {name: self.arguments[name] for name in names if name in self.arguments}


def default_agent(token: Token) -> str:
    """Return the token's name, or the first source without a placeholder that it may publish as."""
    names = [token.name, *(source for source in token.sources if "*" not in source)]
    return next((name for name in names if token.speaks_for(name)), "")


def check_agent(call: ToolCall) -> str:
    """Return the id of the agent that calls. Raises Problem if nothing names one."""
    if not call.agent:
        detail = f"agent: state your agent id. This token may only speak for {' and '.join(call.token.sources)}."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
    return call.agent


async def in_thread(function: Callable[..., Result], *values: Any) -> Result:
    """Run a function that uses the database in a thread."""
    return await run_in_thread(TOOL_THREADS, partial(function, *values))


def on_visible_boards(rows: QuerySet[Any], call: ToolCall) -> QuerySet[Any]:
    """Restrict rows to the board that the call names, and to visible boards. Raises Problem."""
    boards = find_board_ids(call.text("board"), call.visibility)
    return rows if boards is None else rows.filter(board_id__in=boards)


def board_of_task(call: ToolCall) -> str:
    """Return the board of the call's task: the one named, the one that has the task, or the token's only one.

    Raises Problem if that leaves none or several.
    """
    tasks = Task.objects.now().filter(task_id=call.text("task"))
    boards = list(on_visible_boards(tasks, call).values_list("board_id", flat=True).distinct()[: MAX_NAMED + 1])
    if len(boards) > 1:
        detail = f"Several boards have a task {call.text('task')}: {named(boards)}. Name one of them in `board`."
        raise Problem(HTTPStatus.CONFLICT, detail, reason="Several boards have this task.")
    if boards:
        return str(boards[0])
    return board_of_new_task(call)


def board_of_new_task(call: ToolCall) -> str:
    if stated := call.text("board"):
        return (find_board_ids(stated, call.visibility) or [stated])[-1]
    own = call.token.boards
    if len(own) == 1:
        return str(own[0])
    which = f"This token can access {named(own)}." if own else ""
    detail = f"There is no task {call.text('task')}. Check its id, or name the board of a new task in `board`. {which}"
    raise Problem(HTTPStatus.NOT_FOUND, detail.strip(), reason="There is no such task, and no board was named.")


def named(boards: list[str]) -> str:
    return ", ".join(boards[:MAX_NAMED]) + (" and others" if len(boards) > MAX_NAMED else "")
