"""Agents: the status of each, its last sign of life, and their timeline; and an agent's own page."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from dashboard.live.page_state import PageState
from dashboard.pages import page_view
from dashboard.pages.agents import agent_detail
from dashboard.templatetags.pages import agent_url
from dashboard.visibility import visibility_of

PARAMETERS = ("board", "agent", "state", "sort", "span", "until", "p")
OF_AGENT = ("board", "span", "until")


@require_safe
def agents(request: HttpRequest) -> HttpResponse:
    page_state = PageState.from_query(
        "agents", {name: request.GET.get(name, "") for name in PARAMETERS}, visibility_of(request.user)
    )
    return page_view.render(request, "agents/index.html", page_state, "Agents")


@require_safe
def agent(request: HttpRequest, agent_id: str) -> HttpResponse:
    """Show an agent of a board. Without a board, lead to that of the only board that knows it, or list them."""
    given = {name: request.GET.get(name, "") for name in OF_AGENT}
    page_state = PageState.from_query("agent", given | {"agent": agent_id}, visibility_of(request.user))
    boards = agent_detail.boards_of(page_state.scope, page_state.agent)
    if not boards:
        raise Http404("This agent does not exist. Its board may have been removed.")
    if not page_state.board and boards != [""]:
        named = [board for board in boards if board]
        if len(named) == 1:
            return redirect(agent_url(page_state.agent, named[0]))
        return redirect(f"{reverse('agents')}?{urlencode({'agent': page_state.agent})}")
    [found] = agent_detail.find(page_state.scope, page_state.agent).shown
    return page_view.render(request, "agents/agent.html", page_state, found.name)
