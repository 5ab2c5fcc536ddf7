"""The head of the chain outside of the database: written to files, webhooks and syslog, and compared."""

from __future__ import annotations

import io
import json
import logging
import os
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from pytest_django import Settings

from marcus_events.audit.hash_chain import anchor_writer, seal_next, verify
from marcus_events.audit.hash_chain.anchor_writer import anchor_heads, run_anchoring
from marcus_events.audit.hash_chain.verification_runs import run_verification
from marcus_events.core.anchors import parse
from marcus_events.core.event import utc_now
from marcus_events.log.connect import connect
from marcus_events.models import AnchorState, Checkpoint, Seal
from tests.audit.reading import behind_the_back, fill
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("log")
NUMBER = 20


def seal_all() -> None:
    while seal_next(timeout_s=0):
        pass


@pytest.fixture(autouse=True)
def sealed(log: None) -> None:
    fill(NUMBER)
    seal_all()


@pytest.fixture
def file(tmp_path: Path, settings: Settings) -> Path:
    settings.ANCHORS = [parse(str(tmp_path / "heads.jsonl"))]
    return tmp_path / "heads.jsonl"


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def places(**more: Any) -> list[int]:
    return [fault.position for fault in verify(**more).faults]


def made_anew() -> None:
    """By somebody who can write the whole database."""
    behind_the_back("event", "UPDATE event SET source = 'x' WHERE position = 7")
    behind_the_back("seal", "DELETE FROM seal")
    Checkpoint.objects.filter(projection="seal").delete()
    seal_all()


def test_a_file_gets_a_line_for_each_turn_and_all_are_compared(file: Path) -> None:
    anchor_heads()
    fill(3, 101)
    seal_all()
    anchor_heads(at_once=True)
    first, second = lines(file)
    newest = Seal.objects.latest("last")
    assert first["position"] == NUMBER
    assert (second["epoch"], second["position"]) == (str(newest.chain), NUMBER + 3)
    assert second["hash"] == bytes(newest.hash).hex()
    assert (verify().is_whole, verify().anchored) == (True, 2)


def test_a_chain_that_was_made_anew_is_told_by_the_anchor_alone(file: Path, settings: Settings) -> None:
    anchor_heads()
    made_anew()
    [fault] = verify().faults
    assert fault.position == NUMBER
    assert lines(file)[0]["time"] in fault.words
    assert "the chain was rebuilt" in fault.words
    settings.ANCHORS = []
    assert verify().is_whole


def test_another_epoch_and_no_earlier_chain(file: Path) -> None:
    anchor_heads()
    behind_the_back("seal", "DELETE FROM seal")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE log_head SET epoch = gen_random_uuid()")
    assert places() == [NUMBER]


def test_a_chain_that_ends_before_the_anchored_head(file: Path) -> None:
    fill(5, 101)
    seal_all()
    anchor_heads()
    behind_the_back("seal", "DELETE FROM seal WHERE last > 20")
    behind_the_back("event", "DELETE FROM event WHERE position > 20")
    Checkpoint.objects.filter(projection="seal").update(position=20)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE log_head SET position = 20")
    assert places() == [NUMBER + 5]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: text.replace('"position": 20', '"position": 19'),
        lambda text: text.replace('"hash": "', '"hash": "0')[:-3] + '"}\n',
        lambda text: text.replace('"epoch": "', '"epoch": "x'),
        lambda text: text.replace('"log"', '"dog"'),
        lambda text: "{}\n",
        lambda text: "nothing\n" + text,
        lambda text: text[:40],
    ],
)
def test_a_file_that_was_cut_short_or_edited(file: Path, change: Any) -> None:
    anchor_heads()
    file.write_text(change(file.read_text()))
    assert {*places()} & {NUMBER, NUMBER - 1}


def test_a_file_that_is_gone(file: Path) -> None:
    assert verify().is_whole  # nothing was anchored yet
    anchor_heads()
    file.unlink()
    assert places() == [NUMBER]


def test_a_line_that_was_cut_by_a_failure_is_no_fault_and_the_next_one_is_whole(file: Path) -> None:
    anchor_heads()
    with file.open("a") as end:
        end.write(file.read_text()[:60])
    anchor_heads(at_once=True)
    assert len(file.read_text().splitlines()) == 3
    assert (verify().is_whole, verify().anchored) == (True, 2)


def test_what_is_no_file_is_refused_and_told(tmp_path: Path, settings: Settings) -> None:
    os.mkfifo(tmp_path / "pipe")
    settings.ANCHORS = [parse(str(tmp_path / "pipe")), parse(str(tmp_path)), parse(str(tmp_path / "no" / "place"))]
    anchor_heads()
    assert [state.failures for state in AnchorState.objects.all()] == [1, 1, 1]


def test_each_has_its_turn_and_a_failure_is_tried_again_ever_less_often(file: Path, settings: Settings) -> None:
    anchor_heads()
    anchor_heads()
    assert len(lines(file)) == 1
    AnchorState.objects.update(anchored_at=utc_now() - settings.ANCHOR_EVERY)
    anchor_heads()
    assert len(lines(file)) == 2
    state = AnchorState.objects.get()
    for failures, pause in ((1, 60), (2, 120), (3, 240), (50, 3_600)):
        state.failures, state.tried_at = failures, utc_now()
        assert not anchor_writer.is_due(state, utc_now() + timedelta(seconds=pause - 5))
        assert anchor_writer.is_due(state, utc_now() + timedelta(seconds=pause + 5))


def test_one_process_writes_at_a_time(file: Path) -> None:
    with connect("test", autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [anchor_writer.LOCK])
        anchor_heads()
        assert not file.exists()
    wait_until(lambda: written(file))


def written(file: Path) -> bool:
    """The lock of a connection that was closed is gone a moment later."""
    anchor_heads()
    return file.exists()


def test_a_worker_writes_by_itself_and_a_verification_does(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchor_writer, "POLL_INTERVAL_S", 0.01)
    stop = threading.Event()
    thread = threading.Thread(target=run_anchoring, args=(stop,))
    thread.start()
    try:
        wait_until(lambda: AnchorState.objects.filter(position=NUMBER).exists())
    finally:
        stop.set()
        thread.join()
    run_verification("ada")
    assert len(lines(file)) == 2


class Receiver(BaseHTTPRequestHandler):
    """Answers what the test says, and keeps what it was sent."""

    status: ClassVar[int] = 204
    received: ClassVar[list[tuple[str, bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.received.append((self.path, body))
        self.send_response(self.status)
        self.send_header("Location", f"http://{self.headers['Host']}/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[HTTPServer]:
    Receiver.status, Receiver.received = 204, []
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_webhook_is_posted_the_head(receiver: HTTPServer, settings: Settings, tmp_path: Path) -> None:
    settings.ANCHORS = [parse(f"http://127.0.0.1:{receiver.server_port}/heads?key=hunter2")]
    anchor_heads()
    [(path, body)] = Receiver.received
    assert path == "/heads?key=hunter2"
    collected = tmp_path / "collected"
    collected.write_bytes(b"of others\n" + body + b"\n")
    call_command("verify", anchors=[collected], stdout=(out := io.StringIO()), stderr=io.StringIO())
    assert "Anchored heads compared: 1. All are in the chain." in out.getvalue()
    made_anew()
    with pytest.raises(CommandError):
        call_command("verify", anchors=[collected], stdout=(out := io.StringIO()), stderr=io.StringIO())
    assert f"position {NUMBER}: the head anchored on" in out.getvalue()


@pytest.mark.parametrize("status", [302, 307, 400, 500])
def test_a_webhook_that_refuses_is_counted_and_logged_once_without_its_address(
    receiver: HTTPServer, settings: Settings, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    Receiver.status = status
    settings.ANCHORS = [parse(f"http://127.0.0.1:{receiver.server_port}/heads?key=hunter2")]
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            anchor_heads(at_once=True)
        state = AnchorState.objects.get()
        assert (state.failures, state.error) == (3, f"the server responded with status {status}")
        assert [path for path, _ in Receiver.received] == ["/heads?key=hunter2"] * 3  # and no redirect is followed
        Receiver.status = 200
        anchor_heads(at_once=True)
    assert AnchorState.objects.get().failures == 0
    said = [record.getMessage() for record in caplog.records if "head of the hash chain" in record.getMessage()]
    assert len(said) == 2
    assert "hunter2" not in caplog.text + str(AnchorState.objects.values())


def test_a_webhook_that_is_not_there(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings.ANCHORS = [parse(f"http://127.0.0.1:{taken.getsockname()[1]}/")]
        anchor_heads()
    assert AnchorState.objects.get().failures == 1


def test_syslog_by_network_and_on_this_machine(settings: Settings, tmp_path: Path) -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as network,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as local,
    ):
        network.bind(("127.0.0.1", 0))
        local.bind(str(tmp_path / "log"))
        for receiver in (network, local):
            receiver.settimeout(20)
        settings.ANCHORS = [parse(f"syslog:127.0.0.1:{network.getsockname()[1]}"), parse(f"syslog:{tmp_path}/log")]
        anchor_heads()
        received = [receiver.recv(10_000).rstrip(b"\0") for receiver in (network, local)]
    collected = tmp_path / "collected"
    collected.write_bytes(b"\n".join([b"<13>other: nothing", *(b"Nov 28 12:00:00 host " + line for line in received)]))
    call_command("verify", anchors=[collected], stdout=(out := io.StringIO()), stderr=io.StringIO())
    assert "Anchored heads compared: 2" in out.getvalue()


def test_syslog_that_is_not_there(settings: Settings, tmp_path: Path) -> None:
    settings.ANCHORS = [parse(f"syslog:{tmp_path}/log")]
    anchor_heads()
    assert AnchorState.objects.get().failures == 1


def test_a_file_without_any_head_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("of others\n")
    with pytest.raises(CommandError, match="contains no anchored head"):
        call_command("verify", anchors=[tmp_path / "empty"], stdout=io.StringIO(), stderr=io.StringIO())


def test_a_file_beside_the_data_is_warned_of(settings: Settings) -> None:
    settings.ANCHORS = [parse(str(settings.DATA_DIR / "heads.jsonl"))]
    call_command("verify", stdout=io.StringIO(), stderr=(said := io.StringIO()))
    assert "is in the data directory" in said.getvalue()
