"""The URL configuration; each app defines its own URLs."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import include, path
from django.views.decorators.http import require_safe

from marcus_events.api.endpoint import nothing_here


@login_not_required
def icon(request: HttpRequest) -> HttpResponse:
    """Redirect browsers that ask for /favicon.ico, on pages that name no icon, such as the admin's."""
    response = redirect(static("icon.svg"), permanent=True)
    response["Cache-Control"] = "public, max-age=3600"
    return response


ICONS = (
    ("icon-192.png", "192x192", "any"),
    ("icon-512.png", "512x512", "any"),
    ("icon-maskable-512.png", "512x512", "maskable"),
)


@login_not_required
@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """Describe the site to a browser that installs it. The same for everybody."""
    icons = [
        {"src": static(f"icons/{name}"), "sizes": sizes, "type": "image/png", "purpose": purpose}
        for name, sizes, purpose in ICONS
    ]
    described = {
        "id": "/",
        "name": "Marcus Events",
        "short_name": "Marcus",
        "description": "What agents are doing, and what needs a person.",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f7f7f5",
        "theme_color": "#f7f7f5",
        "icons": icons,
        "shortcuts": [{"name": "Blocked", "url": "/blocked/"}, {"name": "Find", "url": "/find/"}],
    }
    response = JsonResponse(described, content_type="application/manifest+json")
    response["Cache-Control"] = "public, max-age=3600"
    return response


handler400 = "config.middleware.unknown_host.bad_request"
handler403 = "dashboard.pages.errors.denied"
handler404 = "dashboard.pages.errors.not_found"
handler500 = "dashboard.pages.errors.failed"
urlpatterns = [
    path("favicon.ico", icon),
    path("manifest.webmanifest", manifest),
    path("api", nothing_here),  # it would be sent on to the address with a slash, where there is nothing either
    path("api/", include("marcus_events.api.urls")),
    path("", include("marcus_events.api.health_urls")),
    path("admin/", admin.site.urls),
    path("", include("dashboard.urls")),
]
