"""The checkpoints of projections: each is the row that a step locks, and saves with the rows that it covers."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from marcus_events.log.rows import execute_prepared, prepared_rows

NO_EPOCH = UUID(int=0)
ADD = "INSERT INTO checkpoint (projection, position, epoch) VALUES (%s, 0, %s) ON CONFLICT DO NOTHING"
# The commit does not wait for the disk. What a crash of the machine takes, it takes along with the checkpoint, and it
# is made again. A later commit that waits, such as that of a webhook's delivery, brings this one to the disk first.
LOCK = """SELECT position, epoch, set_config('synchronous_commit', 'off', true) FROM checkpoint WHERE projection = %s
    FOR UPDATE"""
SAVE = "UPDATE checkpoint SET position = %s, epoch = %s WHERE projection = %s"


class LockedCheckpoint(NamedTuple):
    """The position up to which a projection has applied the log with this epoch."""

    position: int
    epoch: UUID


def lock_checkpoint(projection: str, *, wait: bool = False) -> LockedCheckpoint | None:
    """Lock and return the checkpoint, which is made if there is none, in the caller's transaction.

    If another process holds it, wait for that one, or else return None.
    """
    query = LOCK if wait else f"{LOCK} SKIP LOCKED"
    found = prepared_rows(query, [projection])
    if not found:
        execute_prepared(ADD, [projection, NO_EPOCH])
        found = prepared_rows(query, [projection])
    return LockedCheckpoint(*found[0][:2]) if found else None


def save_checkpoint(projection: str, position: int, epoch: UUID) -> None:
    execute_prepared(SAVE, [position, epoch, projection])
