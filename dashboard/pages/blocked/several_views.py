"""One act on several blockers at once, and its undo.

1. Each blocker gets an event of its own. All of the act succeeds, or none.
2. Nobody acts on a blocker that they cannot see or may not handle: it is left out, as if it did not exist.
3. The response holds what an undo needs, signed for the person. An undo changes only what is still as the act left it.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.shortcuts import render as render_template
from django.views.decorators.http import require_http_methods

from dashboard.pages.blocked import chosen_blockers, snoozes, undo
from dashboard.pages.blocked.blocker_views import MAX_PEOPLE, is_permitted, known_person
from dashboard.queries.blockers import names_of
from dashboard.queries.people import first_who_see_all
from dashboard.templatetags.pages import plural
from dashboard.visibility import Visibility, visibility_of
from marcus_events.access.roles import HANDLE_BLOCKER
from marcus_events.blockers import actions
from marcus_events.models import Blocker

MAX_CHOSEN = 300  # blockers in one act
MAX_ID = 2**63


@require_http_methods(["GET", "HEAD", "POST"])
def several(request: HttpRequest) -> HttpResponse:
    """GET names the people to whom the blockers can be assigned; POST acts on them."""
    visibility = visibility_of(request.user)
    if request.method != "POST":
        return people(request, visibility)
    is_undo = request.POST.get("act") == "undo"
    try:
        done = undone(request, visibility) if is_undo else acted(request, visibility)
    except actions.ActionNotPossible as error:
        return render_template(request, "blocked/_done.html", {"error": str(error)}, status=409)
    if request.headers.get("X-Drawer"):
        return render_template(request, "blocked/_done.html", done)
    return redirect("blocked")


def people(request: HttpRequest, visibility: Visibility) -> HttpResponse:
    if not request.user.has_perm(HANDLE_BLOCKER):
        raise PermissionDenied
    boards = {blocker.board_id for blocker in chosen(request.GET.get("blockers", ""), visibility)}
    found = first_who_see_all(boards, MAX_PEOPLE + 1) if boards else []
    context = {"people": found[:MAX_PEOPLE], "are_people_many": len(found) > MAX_PEOPLE}
    return render_template(request, "blocked/_people.html", context)


def acted(request: HttpRequest, visibility: Visibility) -> dict[str, Any]:
    act, by = request.POST.get("act", ""), request.user.get_username()
    found = chosen(request.POST.get("blockers", ""), visibility)
    permitted = [blocker for blocker in found if is_permitted(request, blocker, act)]
    if not permitted and not request.user.has_perm(HANDLE_BLOCKER):
        raise PermissionDenied
    blockers = [blocker for blocker in permitted if not blocker.answer_id] if act == "answer" else permitted
    if not blockers:
        raise actions.ActionNotPossible("Nothing to do: they have been replied to or resolved.")
    match act:
        case "assign":
            words = assign(blockers, by, request.POST.get("assignee", ""))
        case "snooze":
            words = snooze(blockers, by, request)
        case "answer":
            actions.answer(blockers, by, request.POST.get("answer", ""))
            words = "Replied to"
        case _:
            raise actions.ActionNotPossible("Unknown action.")
    now = chosen_blockers.as_they_are(blockers)
    return {"text": f"{words} {described(blockers)}", "undo": undo.token(act, by, blockers, now)}


def described(blockers: list[Blocker]) -> str:
    first, *others = blockers
    if others:
        return plural(len(blockers), "blocker")
    return names_of([first]).task(first.board_id, first.task_id)


def assign(blockers: list[Blocker], by: str, assignee: str) -> str:
    for board_id in {blocker.board_id for blocker in blockers}:
        known_person(assignee, next(blocker for blocker in blockers if blocker.board_id == board_id))
    actions.assign(blockers, by, assignee)
    if not assignee:
        return "Released"
    return "You took" if assignee == by else f"{assignee} now has"


def snooze(blockers: list[Blocker], by: str, request: HttpRequest) -> str:
    until = snoozes.parse_end(request.POST)
    actions.snooze(blockers, by, until)
    return "Snoozed" if until else "Ended the snooze of"


def undone(request: HttpRequest, visibility: Visibility) -> dict[str, Any]:
    by = request.user.get_username()
    stated = undo.read(request.POST.get("undo", ""), by)
    found = {blocker.blocker_id: blocker for blocker in chosen_blockers.open_ones(stated.ids, visibility)}
    if not all(is_permitted(request, blocker, stated.permission) for blocker in found.values()):
        raise PermissionDenied
    undo.undo(stated, found, by)
    return {"text": "Undone"}


def chosen(stated: str, visibility: Visibility) -> list[Blocker]:
    """Return the open blockers that a form names."""
    numbers = [int(word) for word in stated.split()[:MAX_CHOSEN] if word.isascii() and word.isdecimal()]
    return chosen_blockers.open_ones([number for number in numbers if number < MAX_ID], visibility)
