"""Who begins first, of many that come at once."""

from __future__ import annotations

from twisted.internet.task import Clock

from server.accept_queue import PAUSE_FACTOR, AcceptQueue
from server.limits import MAX_ACCEPT_PAUSE_S


class Line:
    """A transport that says when it is read from."""

    def __init__(self, name: str, begun: list[str]) -> None:
        self.name, self.begun = name, begun
        self.is_paused = False

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's names
        self.is_paused = True

    def resumeProducing(self) -> None:  # noqa: N802
        self.is_paused = False
        self.begun.append(self.name)


def come(clock: Clock, *addresses: str) -> list[str]:
    begun: list[str] = []
    queue = AcceptQueue(clock)
    for number, address in enumerate(addresses):
        line = Line(f"{address}{number}", begun)
        queue.add(address, line)
        assert line.is_paused
    return begun


def test_each_address_has_its_turn() -> None:
    clock = Clock()
    begun = come(clock, "a", "a", "a", "b", "a", "c")
    clock.pump([0] * 6)
    assert begun == ["a0", "b3", "c5", "a1", "a2", "a4"]


def test_while_the_event_loop_is_late_there_is_a_pause_between_two() -> None:
    clock = Clock()
    begun = come(clock, "a", "a")
    clock.advance(MAX_ACCEPT_PAUSE_S / PAUSE_FACTOR)  # it should have begun at once
    clock.advance(MAX_ACCEPT_PAUSE_S / 2)
    assert len(begun) == 1
    clock.advance(MAX_ACCEPT_PAUSE_S / 2)
    assert len(begun) == 2


def test_the_pause_has_a_limit() -> None:
    clock = Clock()
    begun = come(clock, "a", "a")
    clock.advance(60)
    clock.advance(MAX_ACCEPT_PAUSE_S)
    assert len(begun) == 2


def test_who_comes_later_begins_too() -> None:
    clock, begun = Clock(), list[str]()
    queue = AcceptQueue(clock)
    for name in ("a", "b"):
        queue.add("somewhere", Line(name, begun))
        clock.advance(0)
    assert begun == ["a", "b"]
