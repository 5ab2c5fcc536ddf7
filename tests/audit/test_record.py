"""The audit trail: each act makes one event, with who did it and from where; and no act waits for the log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.test import Client

from marcus_events import audit
from marcus_events.access import tokens
from marcus_events.audit import failed_logins as counted
from marcus_events.audit import writer as trails
from marcus_events.audit.failed_logins import FAILED_LOGINS, MAX_KEYS, MINUTE_S, OTHERS, FailedLogins
from marcus_events.audit.writer import AUDIT_WRITER
from marcus_events.bus.spool import Spool
from marcus_events.core.event_types import types_of
from marcus_events.core.sentences import as_text, sentence
from marcus_events.ingest import ingest, submit
from marcus_events.log.writer import LogUnavailable
from marcus_events.models import ParkedEvent, Subscription, Token
from tests.audit.reading import data_of, on_record, only_event
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("log")
PASSWORD = "a long enough one"
FROM = "192.0.2.7"


@pytest.fixture
def ada(log: None) -> User:
    """Made by the command line, which is on record."""
    return User.objects.create_superuser("ada", password=PASSWORD)


@pytest.fixture
def at_home(ada: User) -> Client:
    """Her browser."""
    client = Client(REMOTE_ADDR=FROM)
    client.force_login(ada)
    return client


def sign_in(client: Client, name: str, password: str) -> Any:
    return client.post("/sign-in/", {"username": name, "password": password})


def who_and_where(event_type: str) -> tuple[str, str]:
    data = data_of(event_type)
    return data["by"], data["address"]


def test_signing_in_and_out(ada: User) -> None:
    client = Client(REMOTE_ADDR=FROM)
    sign_in(client, "ada", PASSWORD)
    client.post("/sign-out/")
    assert who_and_where("user_signed_in") == who_and_where("user_signed_out") == ("ada", FROM)
    assert only_event("user_signed_in").event.source == "user:ada"
    assert as_text(sentence(only_event("user_signed_in"))) == f"Ada signed in from {FROM}"


def test_what_a_header_says_of_the_address_counts_for_nothing_here(ada: User, settings: Any) -> None:
    """Behind a trusted proxy the address of the request itself is the client's: see tests/proxy."""
    settings.HTTPS = True
    sign_in(Client(REMOTE_ADDR=FROM, HTTP_X_FORWARDED_FOR="198.51.100.1"), "ada", PASSWORD)
    assert who_and_where("user_signed_in") == ("ada", FROM)


def test_a_failed_sign_in_names_only_who_exists(ada: User) -> None:
    client = Client(REMOTE_ADDR=FROM)
    sign_in(client, "ada", "wrong")
    assert who_and_where("sign_in_failed") == ("ada", FROM)
    sign_in(client, "my secret password", "")
    sign_in(client, "my secret password", "x")
    wait_until(lambda: len(on_record("sign_in_failed")) == 2)
    assert on_record("sign_in_failed")[1].data["by"] == "an unknown name"
    assert not any("secret" in str(event.data) for event in on_record())


def test_a_storm_of_failures_is_counted_not_written(ada: User) -> None:
    client = Client(REMOTE_ADDR=FROM)
    for _ in range(20):
        sign_in(client, "ada", "wrong")
    FAILED_LOGINS.stop()
    first, others = on_record("sign_in_failed")
    assert (first.data["count"], others.data["count"]) == (1, 19)
    assert as_text(sentence(others)) == f"Ada failed to sign in from {FROM}, 19 more times within a minute"


def test_names_and_addresses_are_bounded_and_each_try_is_counted() -> None:
    told: list[tuple[str, str, int]] = []
    now = [0.0]
    failures = FailedLogins(lambda *what: told.append(what), clock=lambda: now[0])
    failures.start()
    for n in range(MAX_KEYS + 50):
        failures.add("ada", f"address {n}")
    assert len(told) == MAX_KEYS + 1
    failures.look()
    assert len(told) == MAX_KEYS + 1
    now[0] = MINUTE_S
    failures.look()
    failures.stop_soon()
    failures.stop()
    assert told[-1] == (*OTHERS, 49)
    assert sum(count for _, _, count in told) == MAX_KEYS + 50


def test_tokens_made_and_revoked_on_the_page(at_home: Client) -> None:
    stated = {"name": "build server", "scopes": ["publish"], "sources": "agent_*", "expires": "never"}
    secret = at_home.post("/integrations/tokens/", stated).context["made"].secret
    at_home.post(f"/integrations/tokens/{Token.objects.get().pk}/revoke/")
    at_home.post(f"/integrations/tokens/{Token.objects.get().pk}/revoke/")
    assert who_and_where("token_created") == who_and_where("token_revoked") == ("ada", FROM)
    made = data_of("token_created")
    assert (made["token"], made["may"], made["boards"], made["sources"]) == ("build server", "publish", [], ["agent_*"])
    assert not any(secret in str(event.data) for event in on_record())


def test_tokens_made_and_revoked_by_command(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_token", "build server", board=["shop"])
    call_command("revoke_token", "build server")
    made = only_event("token_created")
    assert (made.data["by"], made.data["boards"], made.board_id) == ("command line", ["shop"], None)
    assert data_of("token_revoked")["token"] == "build server"
    assert capsys.readouterr().out.split()[0] not in str(made.data)


def test_a_token_revoked_in_the_admin(at_home: Client) -> None:
    tokens.create("build server")
    chosen = [str(Token.objects.get().pk)]
    at_home.post("/admin/marcus_events/token/", {"action": "revoke", "_selected_action": chosen})
    assert who_and_where("token_revoked") == ("ada", FROM)


def test_a_sign_in_link(ada: User, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("login_link", "ada")
    made = data_of("sign_in_link_made")
    assert (made["by"], made["user"]) == ("command line", "ada")


def test_what_somebody_may_do(ada: User) -> None:
    eve = User.objects.create_user("eve", password=PASSWORD)
    group = Group.objects.create(name="managers")
    eve.groups.add(group)
    group.permissions.add(Permission.objects.get(codename="handle_blocker"))
    group.user_set.remove(eve)
    eve.is_superuser = True
    eve.save()
    eve.set_password("another long one")
    eve.save()
    eve.groups.clear()
    eve.delete()
    changes = [(event.data["user"], event.data["change"]) for event in on_record("role_changed")]
    assert changes == [
        ("ada", "created, superuser, staff"),
        ("eve", "created"),
        ("eve", "added group managers"),
        ("group managers", "added Can reply to, acknowledge, assign and snooze blockers"),
        ("eve", "removed group managers"),
        ("eve", "now superuser"),
        ("eve", "password changed"),
        ("eve", "deleted"),
    ]
    assert not any(PASSWORD in str(event.data) or "md5" in str(event.data) for event in on_record())


def test_groups_that_are_taken_away_all_at_once(ada: User) -> None:
    ada.groups.add(Group.objects.create(name="managers"))
    ada.groups.clear()
    assert on_record("role_changed")[-1].data["change"] == "removed group managers"


def test_signing_in_changes_no_role(ada: User) -> None:
    before = len(on_record("role_changed"))
    sign_in(Client(), "ada", PASSWORD)
    assert len(on_record("role_changed")) == before


def test_a_role_changed_in_the_admin_says_who_and_where(at_home: Client, ada: User) -> None:
    before = len(on_record("role_changed"))
    answer = at_home.post("/admin/auth/group/add/", {"name": "managers"})
    assert answer.status_code == 302
    group = Group.objects.get(name="managers")
    may = Permission.objects.get(codename="handle_blocker")
    at_home.post(f"/admin/auth/group/{group.pk}/change/", {"name": "managers", "permissions": [str(may.pk)]})
    [change] = on_record("role_changed")[before:]
    assert (change.data["by"], change.data["address"], change.data["user"]) == ("ada", FROM, "group managers")


def test_what_a_subscription_parked_is_replayed_or_skipped() -> None:
    epoch = "00000000-0000-0000-0000-000000000000"
    subscription = Subscription.objects.create(name="notifier", patterns="*", position=9, epoch=epoch)
    for position in (3, 4):
        ParkedEvent.objects.create(
            subscription=subscription, position=position, error="x", attempts=3, parked_at="2030-01-01T00:00Z"
        )
    call_command("subscriptions", "notifier", replay="3")
    call_command("subscriptions", "notifier", skip="all")
    call_command("subscriptions", "notifier", skip="all")
    assert (data_of("subscription_replayed")["position"], data_of("subscription_skipped")["count"]) == (3, 2)
    assert data_of("subscription_replayed")["by"] == "command line"


def test_an_act_about_a_board_is_an_event_of_no_board() -> None:
    audit.record("board_access_changed", "ada", FROM, board_id="shop", change="eve may see it")
    found = only_event("board_access_changed")
    assert (found.board_id, found.data["board"]) == (None, "shop")


def test_every_kind_of_act_reads_as_a_sentence() -> None:
    for name in types_of("audit"):
        audit.record(
            name,
            "ada",
            FROM,
            user="eve",
            token="t",
            count=3,
            events=3,
            position=1,
            subscription="s",
            verdict="whole",
            path="/m",
            webhook="https://example.org/",
            change="name changed",
            sessions="1 other session",
        )
    texts = [as_text(sentence(event)) for event in on_record()]
    assert len(texts) == len(types_of("audit"))
    assert not any("?" in text for text in texts), texts


@pytest.fixture
def log_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """The log takes nothing, for as long as its first element is true."""
    away = [True]
    real_submit, real_ingest = submit, ingest

    def refusing(real: Any) -> Any:
        def act(*values: Any) -> Any:
            if away[0]:
                raise LogUnavailable("the database does not respond")
            return real(*values)

        return act

    monkeypatch.setattr(trails, "submit", refusing(real_submit))
    monkeypatch.setattr(trails, "ingest", refusing(real_ingest))
    yield away
    away[0] = False


def test_signing_in_works_while_the_log_is_away_and_is_on_record_later(ada: User, log_away: list[bool]) -> None:
    client = Client(REMOTE_ADDR=FROM)
    for _ in range(5):
        assert sign_in(client, "ada", PASSWORD).status_code == 302
        client.post("/sign-out/")
    assert on_record("user_signed_in") == []
    log_away[0] = False
    wait_until(lambda: len(on_record("user_signed_out")) == 5)
    assert len(on_record("user_signed_in")) == 5
    assert on_record("user_signed_in")[0].data["by"] == "ada"


def test_what_a_killed_process_left_on_disk_is_taken_up(log_away: list[bool]) -> None:
    audit.record("token_revoked", "ada", FROM, token="t")
    AUDIT_WRITER.stop()
    with_one = [spool for spool in (settings.DATA_DIR / "audit").glob("*.db") if len(opened := Spool(spool))]
    opened.close()
    assert len(with_one) == 1
    log_away[0] = False
    audit.record("token_revoked", "ada", FROM, token="u")
    wait_until(lambda: len(on_record("token_revoked")) == 2)


def test_counting_goes_on_after_a_stop() -> None:
    counted.failed_logins().add("ada", FROM)
    FAILED_LOGINS.stop()
    counted.failed_logins().add("ada", FROM)
    assert [event.data["count"] for event in on_record("sign_in_failed")] == [1, 1]
