"""create_token, rebuild and worker, as an administrator runs them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from marcus_events.doors import tokens
from marcus_events.ingest import ingest
from marcus_events.models import Checkpoint, Task
from marcus_events.projections import PROJECTIONS, catch_up, lag
from tests.lively import lively_events
from tests.log.processes import ROOT, conninfo_of_test_database
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("log")


def run(*arguments: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command(*arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_create_token_prints_the_token_and_nothing_else() -> None:
    out, err = run("create_token", "marcus on the build server")
    found = tokens.find(out.removesuffix("\n"))
    assert found is not None
    assert (found.name, found.scopes, found.boards, found.sources, found.expires_at) == (
        "marcus on the build server",
        ["publish", "read"],
        [],
        [],
        None,
    )
    assert err == ""


def test_create_token_limits_what_it_may_do() -> None:
    found = tokens.find(run("create_token", "ci", "--scope", " read", "--board", "shop")[0].strip())
    assert found is not None
    assert (found.scopes, found.boards) == (["read"], ["shop"])


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["ci", "--scope", "write"], "scopes are publish and read, not write"),
        (["ci", "--scope", ""], "scopes are publish and read"),
        ([" "], "name: must be a non-empty string"),
        (["taken"], "There is a token named “taken” already."),
    ],
)
def test_create_token_says_what_is_wrong(arguments: list[str], reason: str) -> None:
    run("create_token", "taken")
    with pytest.raises(CommandError, match=reason):
        run("create_token", *arguments)


def test_rebuild_makes_all_tables_anew_and_says_from_how_many_events() -> None:
    ingest(lively_events(1_100))
    catch_up(PROJECTIONS)
    tasks = list(Task.objects.order_by("pk").values())
    Task.objects.all().delete()
    out, err = run("rebuild")
    assert list(Task.objects.order_by("pk").values()) == tasks
    assert out == "state: rebuilt from 1,100 events\nrates: rebuilt from 1,100 events\n"
    assert "state: 1,000 of 1,100 events\n" in err


def test_rebuild_may_be_of_one_projection() -> None:
    ingest(lively_events(10))
    assert run("rebuild", "rates")[0] == "rates: rebuilt from 10 events\n"
    assert not Checkpoint.objects.filter(projection="state").exists()


def test_rebuild_knows_its_projections() -> None:
    with pytest.raises(CommandError, match="invalid choice: 'nothing'"):
        run("rebuild", "nothing")


def test_a_worker_keeps_up_with_the_log_until_it_is_told_to_stop() -> None:
    environment = os.environ | {"DATABASE_URL": conninfo_of_test_database()}
    environment["DJANGO_SETTINGS_MODULE"] = "config.settings"
    worker = subprocess.Popen([sys.executable, "manage.py", "worker"], cwd=ROOT, env=environment)
    try:
        for batch in (lively_events(300)[:100], lively_events(300)[100:]):
            ingest(batch)
            wait_until(lambda: lag("state") == 0 and lag("rates") == 0)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(20) == 0
    finally:
        worker.kill()
        worker.wait()
        connection.close()
