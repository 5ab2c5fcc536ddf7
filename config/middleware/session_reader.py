"""The session of a WebSocket's handshake in its scope.

The middleware of Channels also looks at the session with every message that is sent, to save it and to set its cookie.
On a WebSocket it does neither: there is no answer that could have a cookie.
"""

from __future__ import annotations

from typing import Any

from channels.sessions import InstanceSessionWrapper

from config.asgi_types import Application, AsgiScope


class SessionReader:
    """ASGI middleware for WebSockets, in place of Channels' SessionMiddleware."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: AsgiScope, receive: Any, send: Any) -> Any:
        session = InstanceSessionWrapper(scope, send)
        await session.resolve_session()
        return await self.application(session.scope, receive, send)
