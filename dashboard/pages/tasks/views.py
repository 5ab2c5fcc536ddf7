"""A task as a page, or as the content of the drawer."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render as render_template
from django.urls import reverse
from django.views.decorators.http import require_safe

from dashboard.live.page_state import PageState
from dashboard.pages import page_view
from dashboard.pages.tasks import queries as tasks
from dashboard.queries import current_state
from dashboard.templatetags.pages import task_query
from dashboard.visibility import visibility_of


@require_safe
def task(request: HttpRequest) -> HttpResponse:
    """Show a task. Board and id are query parameters, which may hold any text."""
    given = PageState.from_query("task", request.GET, visibility_of(request.user))
    page_state = PageState("task", board=given.board, task=given.task, visibility=given.visibility)
    found = tasks.find(page_state.scope, page_state.task)
    if found is None:
        raise Http404("This task does not exist. Its board may have been removed.")
    address = request.build_absolute_uri(f"{reverse('task')}?{task_query(page_state.board, page_state.task)}")
    if request.headers.get("X-Drawer"):
        context = {
            "page_state": page_state,
            "address": address,
            "detail": tasks.detail(page_state.scope, page_state.task),
            "at": "drawer-",
        }
        return render_template(request, "tasks/_drawer.html", context)
    board = current_state.names([page_state.board]).board(page_state.board)
    return page_view.render(request, "tasks/task.html", page_state, found.name, address=address, board=board)
