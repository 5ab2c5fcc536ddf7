"""The webhook of docs/agents.md: its receiver runs, and its body and numbers are those of the code."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from datetime import timedelta

import pytest

from marcus_events.webhooks.deliveries import DELAYS, KEPT_FOR
from marcus_events.webhooks.http_post import TIMEOUT_S
from marcus_events.webhooks.messages import MAX_TEXT
from marcus_events.webhooks.sender import send_test
from marcus_events.webhooks.signature import secret_of
from tests.mcp.test_docs import DOCUMENT, blocks
from tests.waiting import wait_until
from tests.webhooks.blockers import blocked, reply, webhook
from tests.webhooks.receiver import Receiver, Sending, wait_for_tickets

pytestmark = pytest.mark.usefixtures("log")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def is_open(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_the_receiver_takes_genuine_messages_and_no_others() -> None:
    _, program = blocks("python")
    port = free_port()
    made = webhook(f"http://127.0.0.1:{port}/")
    environment = os.environ | {"SECRET": secret_of(made), "PORT": str(port)}
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=pipe, text=True) as receiver:
        assert receiver.stdout
        wait_until(lambda: is_open(port))
        assert send_test(made).status == 204
        made.nonce = "another"
        assert send_test(made).status == 401
        with Sending():
            ticket = blocked("logo")
            reply(ticket, "logo", "Blue")
            assert receiver.stdout.readline() == f"{ticket} is answered: Blue\n"
        receiver.kill()


def test_the_body_has_these_fields() -> None:
    [example] = [json.loads(text) for text in blocks("json") if "blocker.resolved" in text]
    with Receiver() as receiver, Sending():
        webhook(receiver.url)
        ticket = blocked("logo")
        reply(ticket, "logo", "Blue")
        wait_for_tickets(receiver, ticket)
    [received] = receiver.received
    assert [*received.message, *received.data] == [*example, *example["data"]]
    assert {name: type(value) for name, value in received.data.items()} == {
        name: type(value) for name, value in example["data"].items()
    }


def test_the_numbers_are_those_of_the_code() -> None:
    text = DOCUMENT.replace("\n", " ")
    assert f"within {TIMEOUT_S:g} seconds" in text
    assert f"cut to {MAX_TEXT:,} characters" in text
    assert f"stay on record for {KEPT_FOR.days} days" in text
    [listed] = re.findall(r"after 5 seconds, 5 minutes, 30 minutes, ([\d, and]+) hours", text)
    stated = [timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30)]
    assert (*stated, *(timedelta(hours=int(number)) for number in re.findall(r"\d+", listed))) == DELAYS
    assert len(DELAYS) + 1 == 10
    assert "After the tenth attempt" in text
