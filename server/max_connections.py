"""Limit the open connections to MAX_CONNECTIONS.

One more takes the place of a connection that waits for its client: the oldest of the address that has the most. So
clients that send a request and read the answer get in, and those that open connections and trickle replace each other.
Where no connection waits for its client, the new one is closed.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import connectionDone
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.python.failure import Failure

from marcus_events.access.authentication import network_of
from marcus_events.access.open_connections import MAX_CONNECTIONS
from server.accept_queue import AcceptQueue
from server.http_channel import ConnectionState, LimitedHTTPChannel
from server.incoming_request import IncomingRequest
from server.limits import RECEIVE_TIMEOUT_S


class OpenConnection(ProtocolWrapper):
    """A connection from its start to its end: HTTP, and the WebSocket that it may become."""

    channel: LimitedHTTPChannel
    address = ""  # of IPv6 a network

    def makeConnection(self, transport: Any) -> None:
        self.channel = self.wrappedProtocol
        super().makeConnection(transport)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)
        self.channel.connection_ended()


def not_logged(request: Any) -> None:
    """In place of Twisted's access log, whose lines nobody would read: events and metrics say who did what."""


class LimitedConnections(WrappingFactory[OpenConnection]):
    """Daphne's factory of HTTP channels, with a limit."""

    protocol = OpenConnection

    def __init__(self, wrapped: Any) -> None:
        super().__init__(wrapped)
        # By address, each in the order in which they were opened. A dict is used as an ordered set.
        self.by_address: dict[str, dict[OpenConnection, None]] = {}
        self.accept_queue = AcceptQueue(wrapped.reactor)
        wrapped.protocol = LimitedHTTPChannel
        wrapped.timeOut = RECEIVE_TIMEOUT_S
        wrapped.log = not_logged

    def buildProtocol(self, addr: IAddress | None) -> OpenConnection | None:  # type: ignore[override]
        """The new connection; None closes it."""
        if len(self.protocols) >= MAX_CONNECTIONS and not self.make_room():
            return None
        connection = super().buildProtocol(addr)
        connection.address = network_of(getattr(addr, "host", ""))
        connection.wrappedProtocol.requestFactory = IncomingRequest
        return connection

    def registerProtocol(self, p: OpenConnection) -> None:
        super().registerProtocol(p)
        self.by_address.setdefault(p.address, {})[p] = None
        self.accept_queue.add(p.address, p.transport)

    def unregisterProtocol(self, p: OpenConnection) -> None:
        super().unregisterProtocol(p)
        self.by_address[p.address].pop(p)
        if not self.by_address[p.address]:
            del self.by_address[p.address]

    def make_room(self) -> bool:
        """Abort a connection that waits for its client; False where there is none.

        A thousand new connections may each call this, so it looks at no more connections than it has to.
        """
        for connections in sorted(self.by_address.values(), key=len, reverse=True):
            if oldest := next((each for each in connections if each.channel.waits_for_client), None):
                oldest.channel.abort()
                return True
        return False


async def wait_until_drained(protocol: Any) -> None:
    """Wait until the client has read everything. The application then notices that a client is slow."""
    connection: OpenConnection = protocol.transport
    await connection.channel.drained.wait()


def close_websocket_soon(protocol: Any) -> None:
    """Abort a WebSocket that the application has closed, when its client does not close it either."""
    connection: OpenConnection = protocol.transport
    if connection.channel.state is ConnectionState.RESPONDING:
        connection.channel.close_soon()
