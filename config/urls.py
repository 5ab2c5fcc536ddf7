"""The URL configuration; each app defines its own URLs."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import include, path

from marcus_events.api.endpoint import nothing_here


@login_not_required
def icon(request: HttpRequest) -> HttpResponse:
    """Redirect browsers that ask for /favicon.ico, on pages that name no icon, such as the admin's."""
    response = redirect(static("icon.svg"), permanent=True)
    response["Cache-Control"] = "public, max-age=3600"
    return response


handler400 = "config.middleware.unknown_host.bad_request"
urlpatterns = [
    path("favicon.ico", icon),
    path("api", nothing_here),  # it would be sent on to the address with a slash, where there is nothing either
    path("api/", include("marcus_events.api.urls")),
    path("", include("marcus_events.api.health_urls")),
    path("admin/", admin.site.urls),
    path("", include("dashboard.urls")),
]
