"""Notes who sends the request that is being answered; comes after Django's authentication."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from marcus_events import audit
from marcus_events.auditing.acting import acting


class Acting:
    """Reading acts on nothing, and so asks for no session."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return self.get_response(request)
        with acting(request.user.get_username(), audit.address_of(request)):
            return self.get_response(request)
