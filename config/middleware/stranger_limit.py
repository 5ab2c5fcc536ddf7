"""Answer an address that has used up its unknown tokens before Django's middleware, which costs ten times as much.

A flood of guesses would otherwise take the time of those who have a token. A valid token from the same address goes on.
"""

from functools import partial
from typing import Any

from config.asgi_types import Application, AsgiScope
from config.middleware.body_limit import API, caller_of, refuse
from marcus_events.access import authentication
from marcus_events.core.problem import Problem
from marcus_events.http.worker_threads import DATABASE_ERRORS, TOKEN_THREADS, run_in_thread


class StrangerLimit:
    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: AsgiScope, receive: Any, send: Any) -> Any:
        caller = caller_of(scope)
        if scope["path"].startswith(API) and authentication.has_guessed_too_often(caller):
            try:
                await authentication.find_token_async(caller, partial(run_in_thread, TOKEN_THREADS))
            except Problem as problem:
                return await refuse(problem, scope, send)
            except DATABASE_ERRORS:
                pass  # the endpoint fails as well, and says why
        return await self.application(scope, receive, send)
