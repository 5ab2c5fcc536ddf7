from django.urls import path, re_path

from marcus_events.api import asyncapi, docs, events, publish, state, wait
from marcus_events.api.endpoint import by_method, nothing_here, waiting

urlpatterns = [
    path("events", by_method(GET=events.events, POST=publish.publish)),
    path("events/<int:position>", by_method(GET=events.one_event)),
    path("events/wait", waiting(wait.wait)),
    path("boards", by_method(GET=state.boards)),
    path("tasks", by_method(GET=state.tasks)),
    path("blockers", by_method(GET=state.blockers)),
    path("agents", by_method(GET=state.agents)),
    path("counters", by_method(GET=state.counters)),
    path("asyncapi.json", by_method(GET=asyncapi.asyncapi)),
    path("openapi.json", by_method(GET=docs.openapi), name="openapi"),
    path("docs", by_method(GET=docs.page), name="docs"),
    re_path("", nothing_here),
]
