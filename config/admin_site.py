"""Django's admin site: for administrators only, with the site's own sign-in page and sections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator

from marcus_events.access.visibility import is_administrator

SECTIONS = ("Log", "People", "Programs")  # first, and in this order; then whatever else there is

AdminView = Callable[..., HttpResponse]


class Administration(AdminSite):
    site_header = site_title = index_title = "Admin"
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        return is_administrator(request.user)

    def admin_view(self, view: AdminView, cacheable: bool = False) -> AdminView:  # type: ignore[override] # the stubs take a TypeVar
        """Answer 403 to signed-in users without access, instead of asking them to sign in again."""
        shown = super().admin_view(view, cacheable)

        @wraps(shown)
        def answer(request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied
            return shown(request, *args, **options)

        return answer

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Redirect to the site's own sign-in page, which throttles and records."""
        if request.user.is_authenticated:
            return redirect("admin:index")
        return redirect_to_login(request.GET.get("next", reverse("admin:index")), settings.LOGIN_URL)

    def logout(  # type: ignore[override] # a redirection here
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return LogoutView.as_view()(request)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        return context | {"sections": self.sections(context["available_apps"])}

    def sections(self, apps: list[Any]) -> dict[str, list[dict[str, Any]]]:
        """Group the available models by the section that their admin names, with their descriptions."""
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        models = [(self.get_model_admin(model["model"]), model) for app in apps for model in app["models"]]
        for shown, listed in sorted(models, key=lambda model: (getattr(model[0], "rank", 1), model[1]["name"])):
            found[getattr(shown, "section", "Other")].append(listed | {"about": getattr(shown, "about", "")})
        return {name: found[name] for name in [*SECTIONS, *sorted(set(found) - set(SECTIONS))] if name in found}
