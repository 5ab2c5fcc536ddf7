"""Attacks on the database itself by SQL. `verify` must name the position of each change.

Triggers refuse some of it; then the owner of the tables, for whom they do not apply, repeats the change.
"""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from marcus_events.postgres.data_directory import DataDirectory
from tests.intrude.attack import Run, attack, check
from tests.intrude.target import Target, event
from tests.waiting import wait_until

ANCHOR = Path(tempfile.gettempdir(), f"marcus-anchors-{uuid.uuid4().hex}.jsonl")
SEALED_WITHIN_S = 60.0  # the sealer lags by some seconds
MARKER = '{"redacted": true, "by": "admin", "at": "2030-01-01T00:00:00+00:00", "reason": "x", "lie": "It went well."}'
RUN = """INSERT INTO retention_run (started_at, removed, removed_by, partitions, bytes_freed, oldest, held_by,
    passed_over, error) VALUES (now(), 1, '{}', 0, 0, 0, '', '', '') RETURNING id"""
# The leaf of what is to stand there, as the application computes it: whoever reads its source can do that.
REDACTION = """INSERT INTO redaction (position, by, reason, at, marker, metadata, leaf, marked, record)
    SELECT position, 'admin', 'x', now(), %(marker)s, '{}',
        substring(leaves FROM ((position - first) * 16 + 1)::int FOR 16),
        substring(sha256(convert_to(jsonb_build_array(position, (extract(epoch FROM recorded_at) * 1000000)::bigint,
            (extract(epoch FROM timestamp) * 1000000)::bigint, event_id, source, event_type, %(marker)s::jsonb,
            '{}'::jsonb, board_id, task_id, agent_id)::text, 'UTF8')) FROM 1 FOR 16), 4711
    FROM event JOIN seal ON position BETWEEN first AND last WHERE position = %(position)s"""
COPY = """INSERT INTO event SELECT %s, recorded_at, event_id || 'x', source, event_type, timestamp, data, metadata,
    board_id, task_id, agent_id FROM event WHERE position = %s"""


def on_a_log_of_its_own(claim: str) -> Callable[[Run], Run]:
    """Register an attack that runs on its own server, since it damages the log."""
    return attack(claim, MARCUS_ANCHORS=str(ANCHOR), MARCUS_ANCHOR_EVERY="1s")


@contextmanager
def database(target: Target, *, is_owner: bool = False) -> Iterator[psycopg.Connection[Any]]:
    conninfo = DataDirectory.under(Path(target.data_dir.name)).conninfo
    with psycopg.connect(conninfo, autocommit=True) as connection:
        if is_owner:
            connection.execute("SET session_replication_role = replica")
        yield connection


def sealed_event(target: Target) -> int:
    """Return the position of a new event once the hash chain covers it."""
    target.publish(event(data={"task_id": uuid.uuid4().hex}))
    with database(target) as connection:
        [(position,)] = connection.execute("SELECT max(position) FROM event WHERE source = 'agent_1'").fetchall()
        wait_until(lambda: is_sealed(connection, position), SEALED_WITHIN_S)
    return int(position)


def is_sealed(connection: psycopg.Connection[Any], position: int) -> bool:
    return bool(connection.execute("SELECT FROM seal WHERE last >= %s", [position]).fetchall())


def verdict(target: Target) -> tuple[int, str]:
    done = target.run("verify")
    return done.returncode, done.stdout + done.stderr


def check_named(target: Target, what: str, *positions: int) -> None:
    code, said = verdict(target)
    for position in positions:
        is_named = code == 1 and f"position {position}: " in said
        check(is_named, f"verify does not name position {position}: {what}\n{said}")


def tried(connection: psycopg.Connection[Any], statement: str, *values: object) -> None:
    """Run a statement that a trigger may refuse."""
    try:
        connection.execute(statement.encode(), values)
    except psycopg.errors.IntegrityError:
        connection.execute("SET session_replication_role = replica")
        connection.execute(statement.encode(), values)
        connection.execute("SET session_replication_role = origin")


@on_a_log_of_its_own("A sealed event is not replaced by a redaction that is not recorded")
def redact_without_record(target: Target) -> int:
    position = sealed_event(target)
    with database(target) as connection:
        connection.execute(REDACTION.encode(), {"position": position, "marker": MARKER})
        tried(connection, "UPDATE event SET data = %s, metadata = '{}' WHERE position = %s", MARKER, position)
    check_named(target, "an event was replaced by a marker", position)
    return 2


@on_a_log_of_its_own("A sealed event is not removed in the name of a retention run")
def remove_in_a_run(target: Target) -> int:
    position = sealed_event(target)
    with database(target) as connection:
        [(run,)] = connection.execute(RUN.encode()).fetchall()
        entry = "INSERT INTO removal (run_id, positions) VALUES (%s, int8multirange(int8range(%s, %s))) RETURNING *"
        connection.execute(entry, [run, position, position + 1])
        connection.execute("SELECT set_config('marcus.removal', %s, false)", [str(run)])
        tried(connection, "DELETE FROM event WHERE position = %s", position)
        connection.execute("UPDATE retention_run SET ended_at = now() WHERE id = %s", [run])
    check_named(target, "an event was deleted in an open run", position)
    return 2


@on_a_log_of_its_own("The log does not begin later because its head says so")
def raise_the_beginning(target: Target) -> int:
    position = sealed_event(target)
    with database(target) as connection:
        [(before,)] = connection.execute("SELECT oldest FROM log_head").fetchall()
        [(first,)] = connection.execute("SELECT min(position) FROM event WHERE position > 0").fetchall()
        connection.execute("UPDATE log_head SET oldest = %s", [position])
    check_named(target, "the log was said to begin later", first)
    with database(target) as connection:
        connection.execute("UPDATE log_head SET oldest = %s", [before])
    return 1


@on_a_log_of_its_own("No event stands outside of the numbers of the log")
def insert_outside(target: Target) -> int:
    position = sealed_event(target)
    outside = (-7, 0, position + 50_000)
    with database(target) as connection:
        for place in outside:
            connection.execute(COPY.encode(), [place, position])
    check_named(target, "an event stands outside of the log", *outside)
    with database(target, is_owner=True) as connection:
        connection.execute("DELETE FROM event WHERE position = ANY(%s)", [list(outside)])
    return len(outside)


@on_a_log_of_its_own("A hash chain that was made anew is told by the head that was anchored")
def make_the_chain_anew(target: Target) -> int:
    position = sealed_event(target)
    wait_until(lambda: anchored(position))
    with database(target, is_owner=True) as connection, connection.transaction():
        connection.execute("UPDATE event SET source = 'x' WHERE position = %s", [position])
        [(last,)] = connection.execute("SELECT max(last) FROM seal").fetchall()
        connection.execute("DELETE FROM seal")
        connection.execute("DELETE FROM checkpoint WHERE projection = 'seal'")
    code, said = verdict(target)
    ANCHOR.unlink()
    check(code == 1 and "the chain was rebuilt" in said, f"nobody notices another chain up to {last}\n{said}")
    return 1


def anchored(position: int) -> bool:
    """Return whether a head at or after the position has been anchored."""
    text = ANCHOR.read_text() if ANCHOR.exists() else ""
    return any(int(line.split('"position": ')[1].split(",")[0]) >= position for line in text.splitlines())
