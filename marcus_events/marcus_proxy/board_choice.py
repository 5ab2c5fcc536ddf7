"""The board of what happens in a proxied Marcus, whose own messages seldom name one.

Boards are also access rights, so nothing is guessed: where several boards have a task or an agent of that id, there is
no board.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marcus_events.models import Agent, Board, Task


@dataclass(frozen=True)
class BoardChoice:
    """`named` is the name or id that the command was given, "" if none."""

    named: str = ""

    def board_of(self, task_id: str, agent_id: str, stated: str = "") -> str:
        """Return the named board, else the one that Marcus stated, else the only one with this task or agent.

        It is returned by its id, "" if there is none.
        """
        if self.named or stated:
            return self._named_board() if self.named else stated
        tasks, agents = Task.objects.now().filter(task_id=task_id), Agent.objects.now().filter(agent_id=agent_id)
        return only(tasks.values_list("board_id", flat=True)) or only(agents.values_list("board_id", flat=True))

    def _named_board(self) -> str:
        """Return the id of the board with this id or name; a new board has its name as its id."""
        boards = Board.objects.now()
        known = boards.filter(board_id=self.named).exists()
        return (
            self.named
            if known
            else only(boards.filter(name=self.named).values_list("board_id", flat=True)) or self.named
        )


def only(board_ids: Any) -> str:
    found = set(board_ids[:2])
    return found.pop() if len(found) == 1 else ""
