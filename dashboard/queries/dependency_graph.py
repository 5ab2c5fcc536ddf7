"""Reads a board's dependencies: their picture, and what follows from them.

A task is *stuck* if it is unfinished and waits, directly or indirectly, for a blocked one. Tasks that wait for each
other in a cycle are *caught*. The *longest chain* is the longest path of unfinished tasks, counted in tasks, since no
event says how long a task will take. Caught tasks are in no chain. Tasks that are only known as dependencies are drawn
as unknown.

Tasks of other boards are drawn if they are linked to a task of this board or share a cycle with one; what blocks them
counts as on this board. Those on boards that are not visible are drawn without a name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from dashboard.graph.outline import outline
from dashboard.graph.picture import HEIGHT, WIDTH, EdgeLine, Picture, picture
from dashboard.graph.topological_order import Edge, following, longest_chain, order_nodes
from dashboard.queries import current_state
from dashboard.queries.dependency_tasks import Unread, own_tasks
from dashboard.visibility import Scope
from marcus_events import models
from marcus_events.access import linked_tasks
from marcus_events.core.dependents import transitive_dependents
from marcus_events.core.state import TASK_STATUSES
from marcus_events.search.masking import ANOTHER

Pair = tuple[linked_tasks.TaskKey, linked_tasks.TaskKey]  # a task and its dependency
MAX_DRAWN = 80  # tasks; more are unreadable, and the page stays within 150 KB
STATUSES = TASK_STATUSES | {"unknown": "Unknown"}


@dataclass(frozen=True)
class Box:
    """A task in the picture. `waits_for` and `holds_up` list unfinished tasks; `step` is its place in the chain, or 0.

    `board` names another board. `task` is None if it is unknown or `is_hidden`.
    """

    node: str
    task_id: str
    board_id: str
    board: str
    is_hidden: bool
    name: str
    status: str
    task: models.Task | None
    x: int
    y: int
    waits_for: list[str]
    holds_up: int
    stuck_behind: list[str]
    step: int
    caught: bool

    @property
    def words(self) -> str:
        """The status, or a substitute."""
        return "On a board you cannot see" if self.is_hidden else STATUSES.get(self.status, self.status)

    @property
    def look(self) -> str:
        """How it is drawn: being stuck or caught comes before its status."""
        if self.status == "blocked":
            return "blocked"
        return "caught" if self.caught else "stuck" if self.stuck_behind else self.status

    @property
    def can_begin(self) -> bool:
        return self.status == "todo" and not self.waits_for


@dataclass(frozen=True)
class Drawn:
    """An edge with its kind: part of the chain, behind a blocked task, finished, or part of a cycle."""

    path: str
    kind: str


@dataclass(frozen=True)
class Dependencies:
    """`hidden` counts omitted finished tasks, `undrawn` tasks beyond the limit.

    `outline` has each box with its depth.
    """

    boxes: list[Box]
    outline: list[tuple[Box, int]]
    lines: list[Drawn]
    width: int
    height: int
    chain: list[Box]
    circles: list[list[str]]
    done: int
    hidden: int
    undrawn: int
    count: int

    box_width, box_height = WIDTH, HEIGHT

    @property
    def stuck(self) -> int:
        return sum(box.look == "stuck" for box in self.boxes)

    @property
    def blocked(self) -> int:
        return sum(box.status == "blocked" for box in self.boxes)

    @property
    def first_blocked(self) -> str | None:
        return next((box.node for box in self.boxes if box.status == "blocked"), None)


def dependencies(scope: Scope, *, show_done: bool = True) -> Dependencies:
    """Return the dependencies of one board."""
    masks, boards = linked_tasks.Masks(scope.visibility), scope.boards or []
    before = linked_tasks.dependencies_of(boards, scope.visibility, masks).pairs
    pairs = dict.fromkeys([*before, *linked_tasks.dependents_of_boards(boards, scope.visibility, masks).pairs])
    if not pairs:
        return NONE
    linked = {key for pair in pairs for key in pair}
    own, unread = own_tasks(scope, [task_id for board_id, task_id in linked if board_id == scope.board], MAX_DRAWN)
    others = current_state.tasks({key for key in linked if key[0] != scope.board})
    names = current_state.board_names(board for board, _ in others)
    return Waits(scope.board, own | others, names, pairs, unread).drawn(show_done=show_done)


NONE = Dependencies([], [], [], 0, 0, [], [], done=0, hidden=0, undrawn=0, count=0)


class Waits:
    """The tasks of a board and linked tasks of others, with their dependencies.

    Nodes of the picture are task ids; those of other boards include the board's id.
    """

    def __init__(
        self,
        board: str,
        tasks: dict[linked_tasks.TaskKey, models.Task],
        boards: dict[str, str],
        pairs: Iterable[Pair],
        unread: Unread,
    ) -> None:
        self.board, self.boards, self.keys = board, boards, dict[str, linked_tasks.TaskKey]()
        self.unread = unread
        self.tasks = {self.node(key): task for key, task in tasks.items()}
        self.edges = edges = [(self.node(on), self.node(task)) for task, on in pairs]
        ids = dict.fromkeys([*self.tasks, *(task for edge in edges for task in edge)])
        self.status = {task: self.tasks[task].status if task in self.tasks else "unknown" for task in ids}
        self.done = {task for task, status in self.status.items() if status == "done"}
        self.open_edges = [edge for edge in edges if not self.done.intersection(edge)]
        self.order = order_nodes(ids, self.open_edges)
        self.behind = transitive_dependents([(task, before) for before, task in self.open_edges], self.done)
        self.waits_for = following((task, before) for before, task in self.open_edges)
        self.stuck_behind = following(
            (task, blocked) for blocked in self.blocked() for task in sorted(self.behind.get(blocked, ()))
        )
        self.near = self.own_and_linked()

    def node(self, key: linked_tasks.TaskKey) -> str:
        """Return the node's name; its separator occurs in no id."""
        name = key[1] if key[0] == self.board else "\0".join(key)
        self.keys[name] = key
        return name

    def is_own(self, node: str) -> bool:
        return self.keys[node][0] == self.board

    def own_and_linked(self) -> set[str]:
        """Return what is drawn: all tasks of this board, and tasks of others that are linked to it or in a cycle
        with it.
        """
        linked = {task for edge in self.edges if any(map(self.is_own, edge)) for task in edge}
        circles = {task for circle in self.order.circles if any(map(self.is_own, circle)) for task in circle}
        return {task for task in self.status if self.is_own(task)} | linked | circles

    def blocked(self) -> list[str]:
        return [task for task, status in self.status.items() if status == "blocked"]

    def drawn(self, *, show_done: bool) -> Dependencies:
        wanted = [task for task in self.status if task in self.near and (show_done or task not in self.done)]
        shown = self.most_telling(wanted)
        among = set(shown)
        edges = tuple(edge for edge in self.edges if among.issuperset(edge) and edge[0] != edge[1])
        laid_out = picture(tuple(shown), edges)
        chain = self.longest_chain(among)
        boxes, steps = self.boxes(laid_out, chain), set(pairwise(chain))
        return Dependencies(
            boxes=list(boxes.values()),
            outline=[(boxes[task], depth) for task, depth in outline(list(boxes), edges)],
            lines=[self.drawn_line(line, steps) for line in laid_out.lines],
            width=laid_out.width,
            height=laid_out.height,
            chain=[boxes[task] for task in chain],
            circles=[
                [self.name(task) for task in circle]
                for circle in self.order.circles
                if not self.near.isdisjoint(circle)
            ],
            done=len(self.done & self.near) + self.unread.done,
            hidden=len(self.near) - len(wanted) + (0 if show_done else self.unread.done),
            undrawn=len(wanted) - len(shown) + self.unread.open + (self.unread.done if show_done else 0),
            count=sum(self.near.issuperset(edge) for edge in self.edges),
        )

    def longest_chain(self, among: set[str]) -> list[str]:
        """Return the longest chain of this board's tasks and their dependencies on others; it ends on this board."""
        counted = {task for task in among & self.tasks.keys() if self.is_own(task) or self.is_needed(task)}
        chain = longest_chain(self.order.nodes, self.open_edges, counted - self.done - self.order.caught)
        while chain and not self.is_own(chain[-1]):
            chain.pop()
        return chain if len(chain) > 1 else []

    def is_needed(self, task: str) -> bool:
        return any(map(self.is_own, self.behind.get(task, ())))

    def most_telling(self, wanted: list[str]) -> list[str]:
        """Select tasks if there are too many: blocked and stuck ones first, then other linked unfinished ones."""
        if len(wanted) <= MAX_DRAWN:
            return wanted
        linked = {task for edge in self.edges for task in edge}

        def rank(task: str) -> tuple[bool, bool, bool]:
            is_urgent = self.status[task] == "blocked" or task in self.stuck_behind
            return (not is_urgent, task not in linked, task in self.done)

        chosen = set(sorted(wanted, key=rank)[:MAX_DRAWN])
        return [task for task in wanted if task in chosen]

    def boxes(self, laid_out: Picture, chain: list[str]) -> dict[str, Box]:
        """Return boxes in keyboard order: by component, predecessors first."""
        step = {task: n for n, task in enumerate(chain, 1)}
        return {task: self.box(task, at, step.get(task, 0)) for task, at in laid_out.at.items()}

    def box(self, task: str, at: tuple[int, int], step: int) -> Box:
        is_done = task in self.done
        board_id, task_id = self.keys[task]
        is_hidden = linked_tasks.is_hidden(self.keys[task])
        return Box(
            node=task,
            task_id="" if is_hidden else task_id,
            board_id="" if is_hidden else board_id,
            board="" if is_hidden or self.is_own(task) else self.boards.get(board_id, board_id),
            is_hidden=is_hidden,
            name=self.plain_name(task),
            status=self.status[task],
            task=self.tasks.get(task),
            x=at[0],
            y=at[1],
            waits_for=[] if is_done else [self.name(before) for before in self.waits_for.get(task, ())],
            holds_up=len(self.behind.get(task, ())),
            stuck_behind=[self.name(blocked) for blocked in self.stuck_behind.get(task, ())],
            step=step,
            caught=task in self.order.caught,
        )

    def name(self, task: str) -> str:
        """Return the name, with another board's name."""
        board_id, _ = key = self.keys[task]
        name = self.plain_name(task)
        return (
            name
            if self.is_own(task) or linked_tasks.is_hidden(key)
            else f"{name} (on {self.boards.get(board_id, board_id)})"
        )

    def plain_name(self, task: str) -> str:
        key = self.keys[task]
        return ANOTHER if linked_tasks.is_hidden(key) else self.tasks[task].name if task in self.tasks else key[1]

    def drawn_line(self, line: EdgeLine, chain: set[Edge]) -> Drawn:
        before, task = line.edge
        if line.back:
            return Drawn(line.path, "circle")
        if before in self.done or task in self.done:
            return Drawn(line.path, "past")
        if line.edge in chain:
            return Drawn(line.path, "chain")
        is_stuck = self.status[before] == "blocked" or before in self.stuck_behind
        return Drawn(line.path, "stuck" if is_stuck else "plain")
