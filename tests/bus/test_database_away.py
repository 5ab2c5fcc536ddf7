"""The database dies under a steady publisher: no publish fails, and afterwards every event is in the log, once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from marcus_events import postgres
from marcus_events.postgres.data_directory import DataDirectory
from tests.log.processes import ROOT
from tests.log.test_kill import kill_postgres
from tests.migrated import copy_migrated
from tests.waiting import wait_until

COUNT, RATE = 4_000, 1_000


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of this test's own, which may be killed; it is started again within moments."""
    directory = tmp_path_factory.mktemp("away")
    copy_migrated(directory)
    with postgres.ClusterMember(DataDirectory.under(directory)) as member:
        yield member.directory.conninfo


def test_every_event_gets_into_the_log_once_through_deaths_of_the_database(server: str, tmp_path: Path) -> None:
    environment = os.environ | {"DATABASE_URL": server, "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-m", "tests.bus.steady_publisher", str(COUNT), str(RATE), str(tmp_path / "0.db"), "0.1"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE) as publisher:
        try:
            for share in (0.1, 0.3, 0.5):
                wait_until(lambda share=share: len(stored(server)) > COUNT * share, timeout=180)  # type: ignore[misc]
                kill_postgres(server)
            out, _ = publisher.communicate(timeout=180)
        finally:
            publisher.send_signal(signal.SIGKILL)
    said = json.loads(out)
    assert (said["published"], said["all_stored"], said["lost"], said["waiting"]) == (COUNT, True, 0, 0)
    assert said["spooled"] > 0
    assert stored(server) == Counter(range(COUNT))


def stored(conninfo: str) -> Counter[int]:
    try:
        with psycopg.connect(conninfo) as connection:
            return Counter(row[0] for row in connection.execute("SELECT (data->>'n')::int FROM event"))
    except psycopg.OperationalError:
        return Counter()
