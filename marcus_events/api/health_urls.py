from django.urls import path

from marcus_events.api import health

urlpatterns = [path("healthz", health.healthz), path("readyz", health.readyz)]
