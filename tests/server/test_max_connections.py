"""How many connections are open at once, and who gives way to one more."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.web import http

from server import max_connections
from server.http_channel import Channel
from server.max_connections import Gate, OpenConnection, until_taken
from tests.server.test_http_channel import GET, Application, Wire

MOST = 3


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    monkeypatch.setattr(max_connections, "MAX_CONNECTIONS", MOST)
    monkeypatch.setattr(max_connections, "IncomingRequest", Application)
    return Gate(http.HTTPFactory(reactor=Clock()))  # type: ignore[arg-type]  # a clock is what it needs of one


def connect(gate: Gate, sends: bytes = b"", address: str = "") -> OpenConnection | None:
    visit = gate.buildProtocol(IPv4Address("TCP", address, 1) if address else None)  # type: ignore[arg-type]
    if visit:
        visit.makeConnection(Wire())
        visit.dataReceived(sends)
    return visit


def is_cut(visit: Any) -> bool:
    return bool(visit.transport.is_cut)


def test_those_who_take_no_answer_give_way_too_and_those_who_were_refused(gate: Gate) -> None:
    asking, sleeping, refused = connect(gate, GET), connect(gate, GET), connect(gate, b"rubbish\r\n")
    assert sleeping
    sleeping.channel.pauseProducing()
    assert connect(gate, GET)
    assert connect(gate, GET)
    assert [is_cut(visit) for visit in (asking, sleeping, refused)] == [False, True, True]


async def test_the_application_waits_for_those_who_do_not_read_and_no_longer_than_they_are_there(gate: Gate) -> None:
    for end in (Channel.resumeProducing, Channel.gone):
        visit = connect(gate, GET)
        assert visit
        visit.channel.pauseProducing()
        waiting = asyncio.create_task(until_taken(visit.wrappedProtocol))
        assert not (await asyncio.wait([waiting], timeout=0.05))[0]
        end(visit.channel)
        await waiting


def test_one_more_takes_the_place_of_the_oldest_that_has_not_asked(gate: Gate) -> None:
    asking, silent, trickling = connect(gate, GET), connect(gate), connect(gate, b"GET /")
    assert connect(gate, GET)
    assert [is_cut(visit) for visit in (asking, silent, trickling)] == [False, True, False]
    assert connect(gate, GET)
    assert [is_cut(visit) for visit in (asking, silent, trickling)] == [False, True, True]


def test_who_has_the_most_gives_way_and_not_the_oldest_of_others(gate: Gate) -> None:
    program, *crowd = (connect(gate, address=address) for address in ("192.0.2.1", "192.0.2.9", "192.0.2.9"))
    assert connect(gate, address="192.0.2.9")
    assert [is_cut(visit) for visit in (program, *crowd)] == [False, True, False]


def test_where_everybody_has_asked_the_new_one_is_closed(gate: Gate) -> None:
    asking = [connect(gate, GET) for _ in range(MOST)]
    assert connect(gate) is None
    assert not any(is_cut(visit) for visit in asking)


def test_who_leaves_makes_room_as_a_websocket_too(gate: Gate) -> None:
    visits = [connect(gate, GET) for _ in range(MOST)]
    for visit in visits:
        assert visit
        visit.wrappedProtocol = Protocol()  # type: ignore[assignment]  # the way Daphne makes it a WebSocket
        visit.connectionLost(Failure(ConnectionDone()))
    assert [connect(gate, GET) is None for _ in range(MOST)] == [False] * MOST
