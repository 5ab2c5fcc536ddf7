"""What becomes of a delivery after each answer, and what a test of a webhook says."""

from __future__ import annotations

import logging
import socket
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from marcus_events.core.event import utc_now
from marcus_events.core.sentences import as_text, sentence
from marcus_events.models import WebhookDelivery
from marcus_events.webhooks import http_post
from marcus_events.webhooks.deliveries import DELAYS, DeliveryAttempt, begin_attempts, enqueue, record
from marcus_events.webhooks.http_post import PostOutcome, post
from marcus_events.webhooks.receiver_address import FORBIDDEN
from marcus_events.webhooks.registration import retry_failed
from marcus_events.webhooks.sender import send_test
from marcus_events.webhooks.signature import secret_of
from tests.audit.reading import only_event
from tests.waiting import TIMEOUT_S, wait_until
from tests.webhooks.blockers import delivery, ended, hook, make_due, webhook
from tests.webhooks.receiver import Answer, Receiver, Sending, is_genuine

pytestmark = pytest.mark.usefixtures("log")
NOWHERE = "http://127.0.0.1:9/"
FAILURE = PostOutcome(500)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def begin() -> DeliveryAttempt:
    make_due()
    enqueue()
    [attempt] = begin_attempts({})
    return attempt


def seconds_until_due() -> float:
    return (delivery().due_at - utc_now()).total_seconds()


def begun() -> DeliveryAttempt:
    webhook(NOWHERE)
    ended("t1")
    return begin()


def test_failures_are_repeated_over_days_and_then_kept_as_failed() -> None:
    attempt = begun()
    for number, delay in enumerate(DELAYS, start=1):
        assert attempt.number == number
        record(attempt, FAILURE)
        assert 0.9 * delay.total_seconds() - 5 <= seconds_until_due() <= 1.2 * delay.total_seconds()
        attempt = begin()
    record(attempt, FAILURE)
    kept = delivery()
    assert (kept.status, kept.attempts, kept.error) == (
        *("failed", len(DELAYS) + 1, "The receiver responded with 500 Internal Server Error."),
    )
    assert sum(DELAYS, timedelta()) > timedelta(days=3)
    make_due()
    assert begin_attempts({}) == []


def test_failed_deliveries_begin_anew_on_request() -> None:
    begun()
    WebhookDelivery.objects.update(status="failed", attempts=10)
    assert retry_failed(hook()) == 1
    assert begin_attempts({})[0].number == 1


def test_an_attempt_that_was_suspended_changes_nothing_of_a_later_one_unless_it_arrived() -> None:
    suspended = begun()
    later = begin()
    record(suspended, FAILURE)
    assert (delivery().attempts, delivery().error) == (later.number, "")
    record(suspended, PostOutcome(200))
    record(later, FAILURE)
    assert delivery().status == "delivered"


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_respected(status: int) -> None:
    with Receiver(lambda received: Answer(status, {"retry-after": "3600"})) as receiver, Sending():
        webhook(receiver.url)
        ended("t1")
        wait_until(lambda: WebhookDelivery.objects.exclude(error="").exists())
    assert 3_500 < seconds_until_due() <= 3_600


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [
        ("120", 120),
        (format_datetime(NOON + timedelta(hours=2), usegmt=True), 7_200),
        (format_datetime(NOON - timedelta(hours=2), usegmt=True), 0),
        *(("9" * 40, 999_999_999), ("-5", 0), ("soon", 0), ("", 0), ("²", 0), ("Mon, 99 Foo 2026 99:99:99 GMT", 0)),
    ],
)
def test_retry_after_is_seconds_or_a_date(stated: str, seconds: float) -> None:
    assert http_post.seconds_until(stated, NOON) == seconds


def test_no_receiver_postpones_for_ever() -> None:
    record(begun(), PostOutcome(503, retry_after_s=1e9))
    assert seconds_until_due() <= 86_400


def test_gone_turns_the_webhook_off_and_keeps_the_delivery() -> None:
    with Receiver(lambda received: Answer(410)) as receiver, Sending():
        webhook(receiver.url)
        ended("t1")
        wait_until(lambda: hook().turned_off_at is not None)
        wait_until(lambda: delivery().attempts == 0)
        enqueue()
        assert begin_attempts({}) == []
    assert (delivery().status, hook().turned_off_reason) == ("waiting", "The receiver responded with 410 Gone.")
    told = as_text(sentence(only_event("webhook_turned_off")))
    assert told == f"Webhook receiver turned off the webhook {receiver.url}: The receiver responded with 410 Gone."


def test_a_redirect_is_not_followed() -> None:
    with Receiver() as elsewhere, Receiver(lambda received: Answer(307, {"location": elsewhere.url})) as receiver:
        with Sending():
            webhook(receiver.url)
            ended("t1")
            wait_until(lambda: WebhookDelivery.objects.exclude(error="").exists())
        assert (delivery().status, elsewhere.received) == ("waiting", [])
    assert delivery().error == "The receiver responded with 307 Temporary Redirect. Redirects are not followed."


def test_a_receiver_that_repeats_what_it_was_sent_leaves_none_of_it_in_the_table() -> None:
    with Receiver(lambda received: Answer(500, {"x-echo": "Blue"}, received.body)) as receiver, Sending():
        webhook(receiver.url)
        ended("t1")
        wait_until(lambda: WebhookDelivery.objects.exclude(error="").exists())
    assert "Blue" not in str(list(WebhookDelivery.objects.values()))


# The exchange itself


async def test_a_receiver_that_trickles_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte is in time, the answer as a whole is not."""
    monkeypatch.setattr(http_post, "TIMEOUT_S", 1.0)
    is_over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def trickle() -> None:
            client, _ = server.accept()
            with client:
                client.sendall(b"HTTP/1.1 200 OK\r\n")
                while not is_over.wait(0.02):
                    try:
                        client.sendall(b"x-more: 1\r\n")
                    except OSError:
                        return

        thread = threading.Thread(target=trickle)
        thread.start()
        outcome = await post(f"http://127.0.0.1:{server.getsockname()[1]}/", {}, b"{}")
        is_over.set()
        thread.join()
    assert outcome == PostOutcome(problem="The receiver did not respond within 1 seconds.")


async def test_an_endless_body_changes_nothing_and_only_its_beginning_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_post, "EXCERPT_TIMEOUT_S", TIMEOUT_S)
    is_cut_off = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def pour() -> None:
            client, _ = server.accept()
            with client:
                client.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 999999999\r\n\r\n")
                try:
                    while True:
                        client.sendall(b"y" * 65_536)
                except OSError:
                    is_cut_off.set()

        thread = threading.Thread(target=pour)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        outcome = await post(url, {}, b"{}", wants_excerpt=True)
        thread.join()
    assert (outcome.is_delivered, outcome.excerpt) == (True, "y" * http_post.EXCERPT_BYTES)
    assert is_cut_off.is_set()


async def test_what_is_not_http_and_nobody_at_all_are_told_apart() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def answer() -> None:
            client, _ = server.accept()
            client.sendall(b"SSH-2.0-OpenSSH secret\r\n")
            client.close()

        thread = threading.Thread(target=answer)
        thread.start()
        outcome = await post(f"http://127.0.0.1:{port}/", {}, b"{}")
        thread.join()
    assert outcome.words == "The receiver closed the connection, or its answer was not HTTP."
    assert (await post(f"http://127.0.0.1:{port}/", {}, b"")).words.startswith("No connection: ")
    unknown = await post("http://no-such-host.invalid/", {}, b"")
    assert unknown.words == "The host name could not be resolved."


async def test_a_name_that_resolves_to_a_forbidden_address_is_not_called() -> None:
    """As a number it looks like a name, and the resolver makes the address of it."""
    outcome = await post("http://2852039166/", {}, b"")  # 169.254.169.254
    assert outcome == PostOutcome(problem=FORBIDDEN)


async def test_the_receiver_is_called_by_its_name_at_the_address_that_was_checked() -> None:
    with Receiver() as receiver:
        outcome = await post(f"http://localhost:{receiver.port}/a%20b?c=d", {}, b"{}")
    [received] = receiver.received
    assert (outcome.status, received.path) == (204, "/a%20b?c=d")
    assert received.headers["host"] == f"localhost:{receiver.port}"


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", NOWHERE)
    monkeypatch.setenv("ALL_PROXY", NOWHERE)
    with Receiver() as receiver:
        assert (await post(receiver.url, {}, b"{}")).is_delivered


@pytest.fixture
def certificate(tmp_path: Path) -> Iterator[Path]:
    """A certificate for localhost that no authority has signed."""
    key, found = tmp_path / "key", tmp_path / "certificate"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(found)]
    subprocess.run(command, check=True, capture_output=True)
    found.write_text(key.read_text() + found.read_text())
    http_post.tls_context.cache_clear()
    yield found
    http_post.tls_context.cache_clear()


async def test_a_certificate_is_checked_for_the_name_and_not_for_the_address(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with Receiver() as receiver:
        receiver.encrypt(certificate)
        by_name = await post(f"https://localhost:{receiver.port}/", {"webhook-id": "x"}, b"{}")
        by_address = await post(f"https://127.0.0.1:{receiver.port}/", {"webhook-id": "x"}, b"{}")
    assert (by_name.words, len(receiver.received)) == ("The receiver responded with 204 No Content.", 1)
    assert "certificate" in by_address.words


async def test_a_certificate_that_nobody_trusts_is_refused(certificate: Path) -> None:
    with Receiver() as receiver:
        receiver.encrypt(certificate)
        outcome = await post(f"https://localhost:{receiver.port}/", {}, b"{}")
    assert "certificate verify failed" in outcome.words
    assert receiver.received == []


# A test


def test_a_test_is_signed_and_says_what_the_receiver_answered() -> None:
    with Receiver(lambda received: Answer(200, {}, b"thanks")) as receiver:
        made = webhook(receiver.url)
        outcome = send_test(made)
    [received] = receiver.received
    assert is_genuine(secret_of(made), received)
    assert (received.message["type"], received.data) == ("test", {})
    assert (outcome.words, outcome.excerpt) == ("The receiver responded with 200 OK.", "thanks")
    assert not WebhookDelivery.objects.exists()


def test_no_secret_and_no_text_is_in_the_server_s_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Receiver() as receiver, Sending():
        made = webhook(f"{receiver.url}?key=4711")
        ended("t1")
        wait_until(lambda: WebhookDelivery.objects.filter(status="delivered").exists())
    assert secret_of(made) not in caplog.text
    assert "Blue" not in caplog.text
    assert "4711" not in caplog.text
