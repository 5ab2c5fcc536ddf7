"""One blocker, in the drawer or as a page: its details and the actions on it.

1. GET shows it. POST performs an action and shows it again: in the drawer, or by a redirect without JavaScript.
2. Viewers without the permission see no actions, and the server refuses them. A viewer to whom the blocker is assigned
   can reply to it.
3. Errors appear above the form, which keeps its input.
4. An action also applies to the other blockers of the cause that the form names. A joint answer is withdrawn jointly.
5. A sent reply can be saved as a standing reply, which is turned on and off here.
6. Its state alone can be requested, so that an open drawer is updated without touching its form.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.shortcuts import render as render_template
from django.views.decorators.http import require_GET, require_http_methods

from dashboard.live.page_state import PageState
from dashboard.pages import page_view
from dashboard.pages.blocked import blocker_details as queries
from dashboard.pages.blocked import snoozes, standing_acts
from dashboard.queries.blockers import steps
from dashboard.queries.people import first_who_see, may_be_given
from dashboard.visibility import Visibility, visibility_of
from marcus_events.access.roles import HANDLE_BLOCKER
from marcus_events.blockers import actions
from marcus_events.blockers.reply_options import option_text
from marcus_events.blockers.standing_replies import MAX_USES
from marcus_events.models import Blocker

MAX_PEOPLE = 50  # in the list of choices; with more people, a name is typed


@require_http_methods(["GET", "HEAD", "POST"])
def blocker(request: HttpRequest, blocker_id: int) -> HttpResponse:
    visibility = visibility_of(request.user)
    found = find(blocker_id, visibility)
    if request.method != "POST":
        return show(request, found)
    if not is_permitted(request, found, request.POST.get("act")):
        raise PermissionDenied
    try:
        act(request, found)
    except actions.ActionNotPossible as error:
        return show(request, find(blocker_id, visibility), str(error), request.POST.get("answer", ""))
    if request.headers.get("X-Drawer"):
        undone = found.answer if request.POST.get("act") == "withdraw" else ""  # goes back into its field
        return show(request, find(blocker_id, visibility), written=undone)
    return redirect("blocker", blocker_id)


@require_GET
def state(request: HttpRequest, blocker_id: int) -> HttpResponse:
    visibility = visibility_of(request.user)
    return render_template(
        request, "blocked/_state.html", blocker_context(request, find(blocker_id, visibility), visibility)
    )


def find(blocker_id: int, visibility: Visibility) -> Blocker:
    found = queries.find(blocker_id, visibility)
    if found is None:
        raise Http404(f"Blocker {blocker_id} does not exist.")
    return found


def is_permitted(request: HttpRequest, found: Blocker, act: str | None) -> bool:
    """Whether the viewer may do this to a blocker: anything with the permission, else reply if it is theirs."""
    name = request.user.get_username()
    if request.user.has_perm(HANDLE_BLOCKER):
        return True
    is_theirs = bool(name) and found.assignee == name
    return is_theirs and (act == "answer" or (act == "withdraw" and found.answered_by == name))


def act(request: HttpRequest, found: Blocker) -> None:
    by, concerned = request.user.get_username(), [found, *chosen_others(request, found)]
    match "snooze" if "snooze" in request.POST else request.POST.get("act"):
        case "acknowledge":
            actions.acknowledge(concerned, by)
        case "assign" | "take" | "release":
            actions.assign(concerned, by, known_person(stated_assignee(request), found))
        case "snooze":
            actions.snooze(concerned, by, snoozes.parse_end(request.POST))
        case "answer":
            actions.answer(concerned, by, reply_text(request, found))
        case "standing-save" | "standing-on" | "standing-off":
            standing_acts.act(request, found)
        case "withdraw":
            actions.withdraw([found, *queries.together(found, queries.others(found))], by)
        case _:
            raise actions.ActionNotPossible("Unknown action.")


def stated_assignee(request: HttpRequest) -> str:
    by = request.user.get_username()
    return {"take": by, "release": ""}.get(request.POST.get("act", ""), request.POST.get("assignee", ""))


def reply_text(request: HttpRequest, found: Blocker) -> str:
    """Return the option that was chosen, or Marcus's suggestion, else the text that was written."""
    if number := request.POST.get("option"):
        return option_text(found, number)
    if request.POST.get("suggestion"):
        return "\n".join(steps(found.suggestion))
    return request.POST.get("answer", "")


def chosen_others(request: HttpRequest, found: Blocker) -> list[Blocker]:
    """Return the other blockers that the form named, if still open: nobody acts on blockers they did not see."""
    named = set(request.POST.get("others", "").split())
    chosen = [other for other in queries.others(found) if str(other.blocker_id) in named] if named else []
    return [other for other in chosen if is_permitted(request, other, request.POST.get("act"))]


def known_person(name: str, found: Blocker) -> str:
    """Check an assignee. People who cannot see the board are refused like unknown ones, so that names are not
    disclosed.
    """
    if name and not may_be_given(name, found.board_id):
        raise actions.ActionNotPossible(f"{name} does not exist or has no access to this board.")
    return name


def show(request: HttpRequest, found: Blocker, error: str = "", written: str = "") -> HttpResponse:
    visibility = visibility_of(request.user)
    context = blocker_context(request, found, visibility) | {"error": error, "written": written}
    status = HTTPStatus.CONFLICT if error else HTTPStatus.OK
    if request.headers.get("X-Drawer"):
        return render_template(request, "blocked/_blocker.html", context, status=status)
    page_state = PageState.of_board("blocker", request.GET, visibility)
    title = f"Blocked: {context['detail'].item.task}"
    response = page_view.render(request, "blocked/blocker.html", page_state, title, **context)
    response.status_code = status
    return response


def blocker_context(request: HttpRequest, found: Blocker, visibility: Visibility) -> dict[str, Any]:
    people = first_who_see(found.board_id, MAX_PEOPLE + 1)
    return {
        "detail": queries.detail(found, visibility),
        "may_reply": is_permitted(request, found, "answer"),
        "may_undo": is_permitted(request, found, "withdraw"),
        "snoozes": snoozes.CHOICES,
        "spans": standing_acts.SPANS,
        "max_uses": MAX_USES,
        "standing_form": standing_acts.form_of(request),
        "people": people[:MAX_PEOPLE],
        "are_people_many": len(people) > MAX_PEOPLE,
    }
