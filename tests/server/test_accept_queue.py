"""Who begins first, of many that come at once."""

from __future__ import annotations

from twisted.internet.task import Clock

from server.accept_queue import MOST_PAUSE_S, Newcomers


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
    newcomers = Newcomers(clock)
    for number, address in enumerate(addresses):
        line = Line(f"{address}{number}", begun)
        newcomers.add(address, line)
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
    clock.advance(1)  # it should have begun at once
    clock.advance(MOST_PAUSE_S / 2)
    assert len(begun) == 1
    clock.advance(MOST_PAUSE_S / 2)
    assert len(begun) == 2


def test_who_comes_later_begins_too() -> None:
    clock, begun = Clock(), list[str]()
    newcomers = Newcomers(clock)
    for name in ("a", "b"):
        newcomers.add("somewhere", Line(name, begun))
        clock.advance(0)
    assert begun == ["a", "b"]
