"""Handlers of an application run in the workers, on every event of the log."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from pytest_django import Settings

from marcus_events import default_events
from marcus_events.core.event import Event, utc_now
from marcus_events.ingest import ingest
from server.application_handlers import run_handlers
from tests.log.processes import ROOT
from tests.waiting import wait_until

HANDLERS = """
from pathlib import Path
from marcus_events.shared import get_events

@get_events().on("task_blocked", durable="notifier", after=0)
async def notify(event):
    with (Path(__file__).parent / "heard").open("a") as file:
        file.write(event.event_id + " ")
"""


@pytest.mark.usefixtures("log")
def test_a_worker_runs_the_handlers_that_are_named_and_shares_their_metrics(tmp_path: Path, settings: Settings) -> None:
    settings.DATA_DIR = tmp_path
    (tmp_path / "mine.py").write_text(HANDLERS)
    ingest([Event(f"e{n}", utc_now(), "task_blocked", "s", {}) for n in range(3)])
    keys = ("host", "port", "dbname", "user", "password")
    database = {key: value for key, value in connection.get_connection_params().items() if key in keys and value}
    environment = os.environ | {
        "DATABASE_URL": psycopg.conninfo.make_conninfo(**database),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "MARCUS_HANDLERS": "mine",
        "MARCUS_DATA_DIR": str(tmp_path),
        "PYTHONPATH": str(tmp_path),
    }
    worker = subprocess.Popen([sys.executable, "manage.py", "worker"], cwd=ROOT, env=environment)
    try:
        heard = tmp_path / "heard"
        wait_until(lambda: heard.exists() and heard.read_text().split() == ["e0", "e1", "e2"], timeout=180)
        wait_until(lambda: [row["calls"] for row in handlers_of(worker.pid)] == [3])
    finally:
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(180) == 0
    assert not handlers_of(worker.pid)


def handlers_of(pid: int) -> list[dict[str, Any]]:
    shared = default_events.metrics().get(str(pid))
    return shared["handlers"] if shared else []


def test_a_module_that_cannot_be_imported_is_told_of(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.HANDLERS = ["there.is.no.such.module"]
    run_handlers(threading.Event())
    assert "in MARCUS_HANDLERS cannot be imported" in caplog.text
