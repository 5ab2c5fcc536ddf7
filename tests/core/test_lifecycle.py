"""Services: each runs once, after those that it needs; a stop ends all of them, those that need others first."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import Queue

import pytest

from marcus_events.core import lifecycle
from marcus_events.core.lifecycle import Declared, PeriodicTask, background, stop_services
from tests.waiting import wait_until


class Recorder:
    """A service that writes down what is done with it."""

    def __init__(self, name: str, record: list[str]) -> None:
        self.name, self.record = name, record

    def start(self) -> None:
        self.record.append(f"start {self.name}")

    def stop_soon(self) -> None:
        self.record.append(f"stop {self.name} soon")

    def stop(self) -> None:
        self.record.append(f"stop {self.name}")


@pytest.fixture
def record() -> Iterator[list[str]]:
    stop_services()  # of tests before
    yield []
    stop_services()


def test_what_a_service_needs_starts_before_it_and_stops_after_it(record: list[str]) -> None:
    log = Declared("log", lambda: Recorder("log", record))
    hub = Declared("hub", lambda: Recorder("hub", record), needs=(log,))
    page = Declared("page", lambda: Recorder("page", record), needs=(hub, log))
    page.get()
    assert record == ["start log", "start hub", "start page"]
    record.clear()
    stop_services()
    assert record == ["stop log soon", "stop hub soon", "stop page soon", "stop page", "stop hub", "stop log"]


def test_a_service_runs_once_however_many_ask_for_it(record: list[str]) -> None:
    log = Declared("log", lambda: Recorder("log", record))
    threads = [threading.Thread(target=log.get) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert record == ["start log"]
    assert log.get() is log.running


def test_a_stopped_service_is_made_anew_when_it_is_needed_again(record: list[str]) -> None:
    log = Declared("log", lambda: Recorder("log", record))
    first = log.get()
    log.stop()
    assert log.running is None
    log.stop()  # nothing happens
    assert log.get() is not first
    assert record == ["start log", "stop log soon", "stop log", "start log"]


def test_a_background_task_ends_when_it_is_told_to(record: list[str]) -> None:
    seen = threading.Event()

    def loop(stop: threading.Event) -> None:
        seen.set()
        stop.wait()
        record.append("ended")

    task = background("loop", loop)
    task.get()
    wait_until(seen.is_set)
    assert record == []
    stop_services()
    assert record == ["ended"]


def test_a_background_task_that_fails_begins_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(lifecycle, "RESTART_PAUSE_S", 0.0)
    calls = Queue[str]()

    def run(stop: threading.Event) -> None:
        calls.put("begun")
        if calls.qsize() < 3:
            raise TypeError("nobody foresaw this")
        stop.wait()

    task = background("task", run)
    task.get()
    wait_until(lambda: calls.qsize() == 3)
    task.stop()
    assert caplog.text.count("TypeError: nobody foresaw this") == 2
    assert "the thread “task” failed and begins again" in caplog.text


def test_a_task_that_does_not_end_is_waited_for_until_a_deadline(
    record: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("marcus_events.core.lifecycle.END_WITHIN_S", 0.05)
    release = threading.Event()

    def wait_for_ever(stop: threading.Event) -> None:
        release.wait()

    stuck = background("stuck", wait_for_ever)
    stuck.get()
    stop_services()
    assert stuck.running is None
    release.set()


def test_a_request_during_a_periodic_call_is_served_after_it(record: list[str]) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def work(request: str | None) -> None:
        if request is None and not begun.is_set():
            begun.set()
            go_on.wait()
        elif request is not None:
            record.append(request)

    task: Declared[PeriodicTask[str]] = Declared("task", lambda: PeriodicTask("task", work, 0.01))
    task.get()
    wait_until(begun.is_set)
    task.get().request("verify")
    go_on.set()
    wait_until(lambda: record == ["verify"])


def test_a_request_while_another_one_is_served_is_dropped(record: list[str]) -> None:
    begun, go_on, checked = threading.Event(), threading.Event(), threading.Event()

    def work(request: str | None) -> None:
        if request is None:
            checked.set()
            return
        record.append(request)
        begun.set()
        go_on.wait()

    task: Declared[PeriodicTask[str]] = Declared("task", lambda: PeriodicTask("task", work, 0.01))
    task.get().request("first")
    wait_until(begun.is_set)
    task.get().request("second")
    checked.clear()
    go_on.set()
    wait_until(checked.is_set)
    assert record == ["first"]
