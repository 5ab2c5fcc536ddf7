"""Every address this site answers to. Each app names its own."""

from django.contrib import admin
from django.urls import include, path

admin.site.site_header = admin.site.site_title = "Marcus Events"

urlpatterns = [
    path("api/", include("marcus_events.api.urls")),
    path("", include("marcus_events.api.health_urls")),
    path("admin/", admin.site.urls),
    path("", include("dashboard.urls")),
]
