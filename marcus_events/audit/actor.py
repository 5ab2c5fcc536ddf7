"""The user and the address of the current request, for audit events that model signals record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class RequestActor:
    """`by` is "" if nobody is signed in, or outside of a request."""

    by: str = ""
    address: str = ""


_actor: ContextVar[RequestActor] = ContextVar("actor", default=RequestActor())  # noqa: B039 - it is frozen


def actor() -> RequestActor:
    return _actor.get()


@contextmanager
def acting_as(by: str, address: str) -> Iterator[None]:
    token = _actor.set(RequestActor(by, address))
    try:
        yield
    finally:
        _actor.reset(token)
