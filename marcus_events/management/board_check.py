"""`manage.py follow PATH --check`: compares Marcus's board with the projected tables."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from django.core.management.base import CommandError

from marcus_events.core.event import RecordedEvent
from marcus_events.core.reserved import PROGRAM, USER
from marcus_events.log import read
from marcus_events.projections.state_tables import STATE
from marcus_events.sources.marcus.board import BoardReader, Boards
from marcus_events.sources.marcus.cards import MarcusCard
from marcus_events.sources.marcus.comparison import Comparison, LocalBoard, compare
from marcus_events.sources.marcus.installation import Installation
from marcus_events.sources.marcus.sqlite_files import Database, NotADatabase, SqliteBusy

BUSY_TRIES = 30
BUSY_PAUSE_S = 0.2
MOST_RECENT = 1_000  # newest events read; more than Marcus publishes in SYNC_DELAY
MOST_BEHIND = 10_000  # unprojected events read for the tasks they are about


def check_board(root: Path, board: str | None, write: Callable[[str], object]) -> bool:
    """Print each project's comparison and return whether all are equal. Raises CommandError, UnknownBoard."""
    installation = Installation(root)
    if not installation.board.is_file():
        raise CommandError(
            f"{installation.board} does not exist: Marcus stores its board elsewhere or was not started in this"
            " folder. There is nothing to compare."
        )
    boards = Boards(board)
    read_cards(installation, boards)
    head, projected = read.head().position, read.projected(STATE.name)
    pending_tasks = {event.task_id for event in read.following(projected, MOST_BEHIND) if event.task_id}
    last_event_at = {event.task_id: event.happened_at for event in newest(head) if event.task_id and is_marcus_s(event)}
    local = {
        project.board_id: LocalBoard.of(project.board_id, pending_tasks, last_event_at) for project in boards.projects
    }
    # Read last, so that a change made meanwhile counts as recent and not as a difference.
    cards = read_cards(installation, boards)
    comparisons = [
        compare(project, cards[project.board_id], local[project.board_id])
        for project in boards.projects
        if project.board_id in local
    ]
    for comparison in comparisons:
        show(comparison, write)
    if head > projected:
        write(f"{head - projected:,} events have not been projected yet.")
    is_equal = all(comparison.is_equal for comparison in comparisons)
    write("equal" if is_equal else "different")
    return is_equal


def newest(head: int) -> list[RecordedEvent]:
    return read.following(max(head - MOST_RECENT, 0), MOST_RECENT)


def is_marcus_s(event: RecordedEvent) -> bool:
    return not event.source.startswith((USER, PROGRAM))


def read_cards(installation: Installation, boards: Boards) -> dict[str, list[MarcusCard]]:
    """Return the cards by project; `boards` learns the projects. Raises CommandError, UnknownBoard."""
    reader, database = BoardReader(boards, installation.board.name), Database(installation.board)
    for _ in range(BUSY_TRIES):
        try:
            reader.read(database)
            break
        except SqliteBusy:
            time.sleep(BUSY_PAUSE_S)
        except NotADatabase as error:
            raise CommandError(f"{installation.board} {error}") from error
    else:
        raise CommandError(f"{installation.board} is constantly being written and could not be read.")
    found: dict[str, list[MarcusCard]] = defaultdict(list)
    for card in reader.cards.values():
        project = boards.of({"project_id": card.project_id, "task_id": card.task_id})
        found[project.board_id if project else ""].append(card)
    return found


def show(comparison: Comparison, write: Callable[[str], object]) -> None:
    widest = max(len(name) for name, _, _ in comparison.rows)
    write(f"{comparison.project.name} ({comparison.project.board_id})")
    write(f"  {'':{widest}}  Marcus's board    here")
    for name, there, local in comparison.rows:
        write(f"  {name:{widest}}  {there:14,}  {local:6,}{'' if there == local else '  !'}")
    for difference in comparison.differences:
        explanation = f" ({difference.explanation})" if difference.explanation else ""
        write(f"  {'~' if explanation else '!'} {difference.text}{explanation}")
    write("")
