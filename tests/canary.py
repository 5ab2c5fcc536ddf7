"""Events with a canary word in every text field, and all places where it may appear."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg.sql import SQL, Identifier
from websockets.sync.client import ClientConnection

from marcus_events.core.event_types import MEANINGS
from marcus_events.core.event_types import EventTypes as T
from marcus_events.core.reserved import RESERVED_TYPES
from tests.access.table import TABLE

CANARY = "wqzxkvjy"  # occurs nowhere else
BOARD, TASK, AGENT = "vault", "v-1", "agent_vault"
TYPES = [name for name in MEANINGS if name not in RESERVED_TYPES]
IN_PHRASES = {name for meaning in MEANINGS.values() for name in re.findall(r"\{(\w+)\}", meaning.phrase)}
FIELDS = IN_PHRASES | {"task_name", "agent_name", "name", "project_name", "role", "priority", "labels_text", "reason"}
FIELDS |= {"blocker_type", "depends_on_name", "depends_on_id", "blocker_event_id", "answer_id", "original", "code"}
FIELDS |= {"board_type", "external_id", "sync_status", "error", "message", "depends_on_board_id"}
LOOKS = ("now", "boards", "board", "task", "activity", "history", "agents", "blocked", "event", "audit", "alerts")
CLOUD_EVENTS = {"Accept": "application/cloudevents-batch+json, application/cloudevents+json"}


def events() -> list[dict[str, Any]]:
    """Return one event of every type. Two blockers stay open; the last one names no board."""
    blocked = [make_event(T.TASK_BLOCKED, "open"), make_event(T.TASK_BLOCKED, "boardless")]
    blocked[1]["metadata"] = {name: value for name, value in blocked[1]["metadata"].items() if name != "board_id"}
    return [*(make_event(name, name) for name in (*TYPES, "nightly_backup")), *blocked]


def make_event(event_type: str, number: str) -> dict[str, Any]:
    data: dict[str, Any] = dict.fromkeys(FIELDS, CANARY) | {"description": f"{CANARY} {number}"}
    data |= {"task_id": TASK, "agent_id": AGENT, "labels": [CANARY], "skills": [CANARY], "depends_on": [CANARY]}
    data |= {"suggestion": {"deep": [{CANARY: CANARY}]}, "nested": {CANARY: [CANARY, {"x": CANARY}]}, CANARY: 1}
    metadata: dict[str, Any] = dict.fromkeys(("agent_name", "causation_id", "correlation_id", "tracestate"), CANARY)
    metadata |= {"board_id": BOARD, "board_name": f"The {CANARY}", "note": {CANARY: CANARY}}
    stated = {"event_type": event_type, "source": "marcus", "data": data, "metadata": metadata}
    return stated | {"event_id": f"vault_{number}_{event_type}", "remark": CANARY}


def cloud_event() -> dict[str, Any]:
    stated = {"specversion": "1.0", "id": "vault_cloud", "source": "marcus", "type": T.TASK_PROGRESS, "boardid": BOARD}
    stated |= dict.fromkeys(("subject", "myextension", "traceparent"), CANARY)
    return stated | {"data": {"task_id": TASK, "message": CANARY}}


def addresses(positions: Sequence[int], blockers: Sequence[int]) -> Iterator[str]:
    """Yield the URLs of every page, API endpoint and export."""
    for row in TABLE.values():
        address = row.address.replace("plot-7", BOARD).replace("t-77", TASK)
        for position, blocker in zip(positions, [*blockers, *positions], strict=False):
            yield address.format(position=position, blocker=blocker, outsider=1)
            if "{" not in address:
                break
    readings = ("boards", "tasks", "blockers?state=all", "agents", "counters")
    yield from ("/api/events?limit=1000", f"/api/events?q={CANARY}")
    yield from (f"/api/{reading}" for reading in readings)
    yield from (f"/api/{reading}?as_of={positions[-1]}" for reading in ("boards", "tasks", "blockers", "agents"))
    yield from (f"/history/export/?format={form}" for form in ("jsonl", "csv", "csv-raw"))
    yield from (f"/history/complete/?word={field}:" for field in ("type", "source", "board", "task", "agent"))
    yield "/history/?columns=data.description,metadata.board_name"


def addresses_showing(client: httpx.Client, positions: Sequence[int], blockers: Sequence[int]) -> set[str]:
    """Return the URLs whose responses contain the canary."""
    asked = [address for address in dict.fromkeys(addresses(positions, blockers)) if "sign-out" not in address]
    found = {address for address in asked if shows(client, address)}
    logs = [address for address in asked if address.startswith("/api/events")]
    found |= {f"{address} as CloudEvents" for address in logs if shows(client, address, **CLOUD_EVENTS)}
    return found | {address for address, page in of_admin(client).items() if CANARY in page}


def shows(client: httpx.Client, address: str, **headers: str) -> bool:
    answer = client.get(address, headers=headers)
    return CANARY in answer.text + str(answer.headers)


def of_admin(client: httpx.Client) -> dict[str, str]:
    """Yield every admin page that is reachable by links without a query, with its content."""
    pages: dict[str, str] = {}
    waiting = ["/admin/"]
    while waiting:
        if (address := waiting.pop()) not in pages:
            answer = client.get(address)
            pages[address] = answer.text + str(answer.headers)
            waiting += set(re.findall(r'href="(/admin/[^"?#]*)', answer.text)) - pages.keys() - {"/admin/logout/"}
    return pages


def in_tables(conninfo: str) -> set[str]:
    """Return the tables that contain the canary."""
    with psycopg.connect(conninfo) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        count = SQL("SELECT count(*) FROM {} AS t WHERE t::text LIKE %s")
        asked = [(name, count.format(Identifier(name))) for (name,) in names]
        return {name for name, query in asked if connection.execute(query, [f"%{CANARY}%"]).fetchone() != (0,)}


def in_files(folder: Path, word: str = CANARY) -> set[str]:
    """Return the files that contain the word, except PostgreSQL's own."""
    own = {found.parent for found in folder.rglob("PG_VERSION")}
    mine = [path for path in folder.rglob("*") if path.is_file() and own.isdisjoint(path.parents)]
    return {str(path.relative_to(folder)) for path in mine if word.encode() in path.read_bytes()}


def look(page: str) -> str:
    """Return the URL of a page's WebSocket."""
    return f"/ws/live/?page={page}&board={BOARD}&task={TASK}"


def until_redaction(socket: ClientConnection, record: int) -> str:
    """Return what a page receives up to the frame that reports a redaction, and in the two frames after it."""
    frames, after = "", 0
    while after < 3:
        frame = str(socket.recv(timeout=180))
        frames += frame if after else ""
        beat = re.search(r'data-redaction="(\d+)"', frame)
        after += beat is not None and int(beat.group(1)) >= record
    return frames


def everything(socket: ClientConnection) -> str:
    """Return what a program receives that reads from the beginning."""
    socket.send(json.dumps({"action": "subscribe", "id": "all", "after": 0}))
    frames = ""
    while '"caught_up"' not in (frame := str(socket.recv(timeout=180))):
        frames += frame
    return frames
