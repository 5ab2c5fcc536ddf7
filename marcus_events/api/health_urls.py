from django.urls import path

from marcus_events.api import health, metrics
from marcus_events.api.endpoint import by_method

urlpatterns = [
    path("healthz", by_method(GET=health.healthz)),
    path("readyz", by_method(GET=health.readyz)),
    path("metrics", by_method(GET=metrics.metrics)),
]
