"""All connections together: at most MAX_CONNECTIONS are open at once.

One more takes the place of one that keeps us waiting: the oldest of the address that has the most. People who send a
request and read the answer get in, and those who open connections and trickle push out each other. Where it is our turn
everywhere, the new one is closed.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import connectionDone
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.python.failure import Failure

from marcus_events.access.authentication import network
from marcus_events.access.open_connections import MAX_CONNECTIONS
from server.accept_queue import Newcomers
from server.http_channel import RECEIVE_S, Channel, ChannelStage
from server.incoming_request import IncomingRequest


class OpenConnection(ProtocolWrapper):
    """A connection for as long as it lasts: HTTP, and beyond where it becomes a WebSocket."""

    channel: Channel
    address = ""  # a network, of IPv6

    def makeConnection(self, transport: Any) -> None:
        self.channel = self.wrappedProtocol
        super().makeConnection(transport)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)
        self.channel.gone()


class Gate(WrappingFactory[OpenConnection]):
    protocol = OpenConnection

    def __init__(self, wrapped: Any) -> None:
        super().__init__(wrapped)
        self.of: dict[
            str, dict[OpenConnection, None]
        ] = {}  # address → its connections, in the order in which they came
        self.newcomers = Newcomers(wrapped.reactor)
        wrapped.protocol = Channel
        wrapped.timeOut = RECEIVE_S

    def buildProtocol(self, addr: IAddress | None) -> OpenConnection | None:  # type: ignore[override]
        """None closes the connection."""
        if len(self.protocols) >= MAX_CONNECTIONS and not self.make_room():
            return None
        visit = super().buildProtocol(addr)
        visit.address = network(getattr(addr, "host", ""))
        visit.wrappedProtocol.requestFactory = IncomingRequest
        return visit

    def registerProtocol(self, p: OpenConnection) -> None:
        super().registerProtocol(p)
        self.of.setdefault(p.address, {})[p] = None
        self.newcomers.add(p.address, p.transport)

    def unregisterProtocol(self, p: OpenConnection) -> None:
        super().unregisterProtocol(p)
        self.of[p.address].pop(p)
        if not self.of[p.address]:
            del self.of[p.address]

    def make_room(self) -> bool:
        """Whether somebody could be sent away. It is asked for each new connection, of a thousand: so nothing is
        counted here.
        """
        for mine in sorted(self.of.values(), key=len, reverse=True):
            if oldest := next((visit for visit in mine if visit.channel.keeps_waiting), None):
                oldest.channel.give_way()
                return True
        return False


async def until_taken(protocol: Any) -> None:
    """Lets the application wait until the client has taken what there is, so that the application's own bounds hold."""
    visit: OpenConnection = protocol.transport
    await visit.channel.taken.wait()


def end_within(protocol: Any, seconds: float) -> None:
    """A WebSocket that the application has closed waits for its client alone: it gives way, and ends soon."""
    visit: OpenConnection = protocol.transport
    if visit.channel.stage is ChannelStage.ANSWERING:
        visit.channel.close_within(seconds)
