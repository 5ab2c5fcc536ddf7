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
from server.http_channel import LimitedHTTPChannel
from server.max_connections import LimitedConnections, OpenConnection, wait_until_drained
from tests.server.test_http_channel import GET, Application, Wire

MOST = 3


@pytest.fixture
def factory(monkeypatch: pytest.MonkeyPatch) -> LimitedConnections:
    monkeypatch.setattr(max_connections, "MAX_CONNECTIONS", MOST)
    monkeypatch.setattr(max_connections, "IncomingRequest", Application)
    return LimitedConnections(http.HTTPFactory(reactor=Clock()))  # type: ignore[arg-type]  # a clock is what it needs of one


def connect(factory: LimitedConnections, sends: bytes = b"", address: str = "") -> OpenConnection | None:
    connection = factory.buildProtocol(IPv4Address("TCP", address, 1) if address else None)  # type: ignore[arg-type]
    if connection:
        connection.makeConnection(Wire())
        connection.dataReceived(sends)
    return connection


def is_cut(connection: Any) -> bool:
    return bool(connection.transport.is_cut)


def test_those_who_take_no_answer_give_way_too_and_those_who_were_refused(factory: LimitedConnections) -> None:
    asking, sleeping, refused = connect(factory, GET), connect(factory, GET), connect(factory, b"rubbish\r\n")
    assert sleeping
    sleeping.channel.pauseProducing()
    assert connect(factory, GET)
    assert connect(factory, GET)
    assert [is_cut(connection) for connection in (asking, sleeping, refused)] == [False, True, True]


async def test_the_application_waits_for_those_who_do_not_read_and_no_longer_than_they_are_there(
    factory: LimitedConnections,
) -> None:
    for end in (LimitedHTTPChannel.resumeProducing, LimitedHTTPChannel.connection_ended):
        connection = connect(factory, GET)
        assert connection
        connection.channel.pauseProducing()
        waiting = asyncio.create_task(wait_until_drained(connection.wrappedProtocol))
        assert not (await asyncio.wait([waiting], timeout=0.05))[0]
        end(connection.channel)
        await waiting


def test_one_more_takes_the_place_of_the_oldest_that_has_not_asked(factory: LimitedConnections) -> None:
    asking, silent, trickling = connect(factory, GET), connect(factory), connect(factory, b"GET /")
    assert connect(factory, GET)
    assert [is_cut(connection) for connection in (asking, silent, trickling)] == [False, True, False]
    assert connect(factory, GET)
    assert [is_cut(connection) for connection in (asking, silent, trickling)] == [False, True, True]


def test_who_has_the_most_gives_way_and_not_the_oldest_of_others(factory: LimitedConnections) -> None:
    program, *crowd = (connect(factory, address=address) for address in ("192.0.2.1", "192.0.2.9", "192.0.2.9"))
    assert connect(factory, address="192.0.2.9")
    assert [is_cut(connection) for connection in (program, *crowd)] == [False, True, False]


def test_where_everybody_has_asked_the_new_one_is_closed(factory: LimitedConnections) -> None:
    asking = [connect(factory, GET) for _ in range(MOST)]
    assert connect(factory) is None
    assert not any(is_cut(connection) for connection in asking)


def test_who_leaves_makes_room_as_a_websocket_too(factory: LimitedConnections) -> None:
    connections = [connect(factory, GET) for _ in range(MOST)]
    for connection in connections:
        assert connection
        connection.wrappedProtocol = Protocol()  # type: ignore[assignment]  # the way Daphne makes it a WebSocket
        connection.connectionLost(Failure(ConnectionDone()))
    assert [connect(factory, GET) is None for _ in range(MOST)] == [False] * MOST
