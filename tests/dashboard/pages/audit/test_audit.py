"""The page Audit, and an event that is redacted from its own page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from dashboard.live import row_cache
from marcus_events import audit
from marcus_events.audit.hash_chain import seal_next
from marcus_events.audit.hash_chain.anchor_writer import anchor_heads
from marcus_events.audit.redaction import redact
from marcus_events.core.anchors import parse
from marcus_events.core.event import utc_now
from marcus_events.log import read
from marcus_events.models import Verification
from marcus_events.projections import PROJECTIONS, catch_up
from tests.audit.reading import behind_the_back, fill, only_event
from tests.dashboard.publishing import event, project, publish
from tests.waiting import wait_until

FROM = "192.0.2.7"


@pytest.fixture
def administrator(log: None) -> Client:
    client = Client(REMOTE_ADDR=FROM)
    client.force_login(User.objects.create_superuser("ada"))
    return client


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_others_may_not_look_verify_or_redact(viewer: Client) -> None:
    [position] = publish(event("task_started", task_id="t1"))
    assert viewer.get("/audit/").status_code == 403
    assert viewer.post("/audit/verify/").status_code == 403
    assert viewer.post(f"/activity/{position}/redact/", {"reason": "x"}).status_code == 403
    assert "Redact" not in page(viewer, f"/activity/{position}/")
    assert "Audit" not in page(viewer, "/integrations/")
    assert Client().get("/audit/").status_code == 302


def test_acts_are_shown_by_who_and_what(administrator: Client) -> None:
    audit.record("token_revoked", "ada", FROM, token="<b>build</b>")
    audit.record("history_exported", "eve", FROM, events="12,000")
    shown = page(administrator, "/audit/")
    assert "Ada revoked the token &lt;b&gt;build&lt;/b&gt;" in shown
    assert "Eve exported 12,000 events" in shown
    assert "exported" not in page(administrator, "/audit/?who=ada").partition("<tbody>")[2]
    assert "revoked" not in page(administrator, "/audit/?what=history_exported").partition("<tbody>")[2]
    assert "No matching actions" in page(administrator, "/audit/?who=nobody")


def test_older_acts_are_a_page_away(administrator: Client) -> None:
    for n in range(60):
        audit.record("token_revoked", "eve", FROM, token=f"token number {n}")
    first = page(administrator, "/audit/?who=eve")
    assert ("token number 59" in first, "token number 9<" in first) == (True, False)
    cursor = administrator.get("/audit/?who=eve").context["acts"].older
    assert "token number 9<" in page(administrator, f"/audit/?who=eve&before={cursor}")


def test_verify_now_says_that_the_log_is_whole(administrator: Client) -> None:
    fill(5)
    seal_next(timeout_s=0)
    assert "Not verified yet" in page(administrator, "/audit/")
    assert administrator.post("/audit/verify/").status_code == 302
    assert only_event("log_verified").data["by"] == "ada"
    sealed = Verification.objects.get()
    shown = page(administrator, "/audit/")
    assert f"Verified up to position <b>{sealed.verified_to}</b>" in shown
    assert sealed.head_hash in shown


def test_a_break_is_named_with_its_position(administrator: Client) -> None:
    fill(5)
    seal_next(timeout_s=0)
    behind_the_back("event", "UPDATE event SET source = 'x' WHERE position = 3")
    administrator.post("/audit/verify/")
    wait_until(lambda: Verification.objects.filter(ended_at__isnull=False).exists())
    shown = page(administrator, "/audit/")
    assert "Position 3</a>: the event differs from the sealed one" in shown
    assert only_event("log_verified").data["faults"][0][0] == 3


def test_progress_is_shown_while_it_runs(administrator: Client) -> None:
    Verification.objects.create(by="ada", until=200, verified_to=50)
    assert "Verifying: 25%" in page(administrator, "/audit/")


def test_an_event_is_redacted_from_its_page(administrator: Client) -> None:
    positions = publish(*project())
    complaint = positions[-1]
    [row] = row_cache.render_rows([found for found in [read.event(complaint)] if found], read.head())
    assert "No key for shop" in row
    assert "Redact permanently" in page(administrator, f"/activity/{complaint}/")
    answer = administrator.post(f"/activity/{complaint}/redact/", {"reason": "a <key> of ours", "confirm": complaint})
    assert answer["Location"] == f"/activity/{complaint}/#redacted"
    shown = page(administrator, f"/activity/{complaint}/")
    assert "Redacted by <b><bdi>ada</bdi></b>" in shown
    assert "a &lt;key&gt; of ours" in shown
    assert "No key for shop" not in shown + page(administrator, "/") + page(administrator, "/activity/")
    assert (only_event("event_redacted").data["by"], only_event("event_redacted").data["address"]) == ("ada", FROM)


def test_what_is_not_possible_is_said_above_the_form(administrator: Client) -> None:
    [position] = publish(event("task_started", task_id="t1"))
    answer = administrator.post(f"/activity/{position}/redact/", {"reason": " ", "confirm": position})
    assert answer.status_code == 409
    assert "Enter a reason." in answer.content.decode()


def test_nothing_is_redacted_until_its_position_is_typed(administrator: Client) -> None:
    [position] = publish(event("task_started", task_id="t1", task_name="Keep me"))
    for typed in ("", str(position + 1), "yes"):
        answer = administrator.post(f"/activity/{position}/redact/", {"reason": "my own", "confirm": typed})
        assert answer.status_code == 409
        assert f"Type {position}, the position of the event, to confirm." in answer.content.decode()
        assert 'value="my own"' in answer.content.decode()
    assert "Keep me" in page(administrator, f"/activity/{position}/")


def test_people_who_sign_in_are_no_beginning(administrator: Client) -> None:
    audit.record("user_signed_in", "ada", FROM)
    assert "No events yet" in page(administrator, "/")
    publish(event("task_started", task_id="t1"))
    assert "No events yet" not in page(administrator, "/")


def test_a_row_that_was_kept_does_not_show_a_name_that_was_redacted(administrator: Client) -> None:
    """Also where no page is open, and so nobody hears of the redaction."""
    named, progress = publish(
        event("task_created", task_id="t-9", task_name="Wqzxkvjy"), event("task_progress", task_id="t-9", progress=10)
    )
    catch_up(PROJECTIONS)
    address = f"/activity/rows/?after={progress - 1}&noise=1"
    assert "Wqzxkvjy" in page(administrator, address)
    redact(named, "ada", "a secret")
    assert "Wqzxkvjy" not in page(administrator, address)


def test_a_break_outside_of_the_numbers_is_named_without_a_link(administrator: Client) -> None:
    Verification.objects.create(by="ada", ended_at=utc_now(), faults=[[-7, "there is an event"]], verified_to=5)
    assert "Position -7: there is an event" in page(administrator, "/audit/")


def test_anchors_are_shown_with_when_and_where_or_why_not(
    administrator: Client, settings: Settings, tmp_path: Path
) -> None:
    assert "MARCUS_ANCHORS" in page(administrator, "/audit/")
    settings.DATA_DIR = tmp_path / "data"
    settings.DATA_DIR.mkdir()
    there, beside = tmp_path / "heads", settings.DATA_DIR / "heads"
    settings.ANCHORS = [parse(str(there)), parse(str(beside)), parse(str(tmp_path))]
    assert f"Not anchored to <code>{there}</code> yet" in page(administrator, "/audit/")
    fill(5)
    seal_next(timeout_s=0)
    anchor_heads()
    shown = page(administrator, "/audit/")
    assert re.search(f"Anchored <time [^>]+>. s</time> ago to <code>{there}</code> at position 5", shown)
    assert f"Not anchored to <code>{tmp_path}</code>: Is a directory (1 attempt)" in shown
    assert shown.count("This file is in the data directory") == 1
