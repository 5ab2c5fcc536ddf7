"""Access checks for administrators' pages and forms."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from marcus_events.access.visibility import ADMINISTER

AdministratorView = Callable[..., HttpResponse]


def by_administrator(view: AdministratorView) -> AdministratorView:
    @wraps(view)
    def answer(request: HttpRequest, **place: Any) -> HttpResponse:
        if not may_manage(request):
            raise PermissionDenied
        return view(request, **place)

    return answer


def may_manage(request: HttpRequest) -> bool:
    return request.user.has_perm(ADMINISTER)
