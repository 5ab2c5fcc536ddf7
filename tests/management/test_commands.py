"""create_token, rebuild and worker, as an administrator runs them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from marcus_events.access import tokens
from marcus_events.core.event import utc_now
from marcus_events.core.reserved import Authority
from marcus_events.ingest import ingest
from marcus_events.models import Checkpoint, RetentionPolicy, RetentionRun, Task
from marcus_events.projections import PROJECTIONS, catch_up, lag
from server import services
from server.management.commands import worker
from tests.lively_log import lively_events
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
    limits = ["--scope", " read", "--board", "shop", "--board", "billing", "--source", "agent_*", "--expires", "90d"]
    found = tokens.find(run("create_token", "ci", *limits)[0].strip())
    assert found is not None
    assert (found.scopes, found.boards, found.sources) == (["read"], ["shop", "billing"], ["agent_*"])
    assert found.expires_at is not None
    assert timedelta(days=89) < found.expires_at - utc_now() < timedelta(days=91)


def test_tokens_are_listed_with_what_they_may_do_and_without_themselves() -> None:
    secret = run("create_token", "ci", "--scope", "publish", "--board", "shop", "--source", "agent_*")[0].strip()
    run("create_token", "wall", "--scope", "read", "--expires", "1d")
    run("revoke_token", "ci")
    first, second = run("tokens")[0].splitlines()
    assert re.fullmatch(r"mev_....…  ci: publish; boards shop; sources agent_\*; never used; revoked 2\S+ \S+", first)
    assert re.fullmatch(r"mev_....…  wall: read; never used; expires 2\S+ \S+", second)
    assert secret not in first


def test_a_token_is_revoked_once() -> None:
    secret = run("create_token", "ci")[0].strip()
    assert run("revoke_token", "ci")[0] == "Token revoked.\n"
    assert tokens.find(secret) is None
    for name in ("ci", "another"):
        with pytest.raises(CommandError, match=f"There is no active token named “{name}”"):
            run("revoke_token", name)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["ci", "--scope", "write"], "permissions must be publish or read, not write"),
        (["ci", "--scope", ""], "permissions must be publish or read"),
        (["ci", "--expires", "soon"], "--expires must be a duration such as 12h or 90d, not 'soon'"),
        (["ci", "--expires", "999999w"], "--expires 999999w is too long"),
        (["ci", "--expires", "0d"], "the expiry is in the past"),
        (["ci", "--board", " "], "board: must be a non-empty string"),
        ([" "], "name: must be a non-empty string"),
        (["taken"], "A token named “taken” already exists and cannot be shown again. Choose another name."),
    ],
)
def test_create_token_says_what_is_wrong(arguments: list[str], reason: str) -> None:
    run("create_token", "taken")
    with pytest.raises(CommandError, match=reason):
        run("create_token", *arguments)


def test_rebuild_makes_all_tables_anew_and_says_from_how_many_events() -> None:
    ingest(lively_events(1_100), Authority.SYSTEM)
    catch_up(PROJECTIONS)
    tasks = list(Task.objects.order_by("pk").values())
    Task.objects.all().delete()
    out, err = run("rebuild")
    assert list(Task.objects.order_by("pk").values()) == tasks
    assert (
        out == "state: rebuilt from 1,100 events\nrates: rebuilt from 1,100 events\nsearch: rebuilt from 1,100 events\n"
    )
    assert err == "1,100 of 1,100 events\n"


def test_rebuild_does_not_lose_by_itself_what_only_the_tables_still_know() -> None:
    RetentionRun.objects.create(started_at=utc_now(), removed=12)
    with pytest.raises(CommandError, match="12 events"):
        run("rebuild")
    assert "rebuilt" in run("rebuild", "rates", "--force")[0]


def test_retention_says_what_would_go_and_removes_it() -> None:
    assert run("retention")[0] == ""
    assert run("retention", "--run")[0] == "No policies: all events are kept.\n"
    RetentionPolicy.objects.create(pattern="task_*", keep_days=1)
    assert run("retention")[0] == "task_* older than 1 day: 0\n"
    assert run("retention", "--run")[0].startswith("Removed 0 events.")


def test_rebuild_may_be_of_one_projection() -> None:
    ingest(lively_events(10), Authority.SYSTEM)
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
            ingest(batch, Authority.SYSTEM)
            wait_until(lambda: lag("state") == 0 and lag("rates") == 0)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(180) == 0
    finally:
        worker.kill()
        worker.wait()
        connection.close()


def test_a_worker_may_be_for_some_projections_only() -> None:
    [only] = worker.services(["search"])
    assert only.name == "projector of search"
    assert worker.services(None) is services.WORK
    names = {declared.name for declared in services.WORK}
    assert names >= {"handlers", "replies", "projector of state and rates", "projector of search"}
