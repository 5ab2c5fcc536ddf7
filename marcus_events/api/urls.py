from django.urls import path, re_path

from marcus_events.api import asyncapi, docs, events, publish, state_endpoints, wait
from marcus_events.api.endpoint import by_method, nothing_here, waiting

urlpatterns = [
    path("events", by_method(GET=events.events, POST=publish.publish_view)),
    path("events/<int:position>", by_method(GET=events.one_event)),
    path("events/wait", waiting(wait.wait)),
    path("boards", by_method(GET=state_endpoints.boards)),
    path("tasks", by_method(GET=state_endpoints.tasks)),
    path("blockers", by_method(GET=state_endpoints.blockers)),
    path("agents", by_method(GET=state_endpoints.agents)),
    path("counters", by_method(GET=state_endpoints.counters)),
    path("asyncapi.json", by_method(GET=asyncapi.asyncapi)),
    path("openapi.json", by_method(GET=docs.openapi), name="openapi"),
    path("docs", by_method(GET=docs.page), name="docs"),
    re_path("", nothing_here),
]
