"""No address holds more requests than it may, and all together leave room for others, whichever server runs it.

WebSockets count the same way where they are answered, since only there a refusal can be told to whoever opens one.
"""

from typing import Any

from config.body_limit import caller_of, refuse
from config.origin import Application, Scope
from marcus_events.doors.open_connections import Places
from marcus_events.doors.problem import Problem

NOT_COUNTED = ("/healthz",)  # whoever watches over the process is answered however busy it is


class ConnectionLimit:
    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> Any:
        if scope["path"] in NOT_COUNTED:
            return await self.application(scope, receive, send)
        with Places() as places:
            try:
                places.take_for(caller_of(scope))
            except Problem as problem:
                return await refuse(problem, scope, send)
            return await self.application(scope, receive, send)
