"""Asks for a name before an act that cannot be undone. The server compares it, so it needs no JavaScript."""

from __future__ import annotations

from django.http import HttpRequest

NOT_TYPED = "Type {} to confirm."


def is_typed(request: HttpRequest, name: str) -> bool:
    """Whether `confirm` is the name; spaces count as a page shows them."""
    return request.POST.get("confirm", "").split() == name.split()


def not_typed(name: str) -> str:
    return NOT_TYPED.format(name)
