"""/people/: lists people with their roles and boards. For administrators.

1. Nobody changes their own access: they might be unable to restore it.
2. Only a superuser changes a superuser or creates a sign-in link for one.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from dashboard.live.page_state import PageState
from dashboard.pages import page_view
from dashboard.pages.administrator_view import by_administrator
from dashboard.pages.people.actions import set_active
from dashboard.pages.people.forms import PersonForm, RoleForm
from dashboard.pages.sign_in.one_time_links import VALID_FOR, one_time_path, unused_until
from dashboard.pages.typed_name import is_typed, not_typed
from dashboard.queries.people import by_id
from dashboard.queries.people import people as all_people
from marcus_events import audit
from marcus_events.core.event import utc_now


@require_http_methods(["GET", "HEAD", "POST"])
@by_administrator
def people(request: HttpRequest) -> HttpResponse:
    """List people; POST adds one."""
    if request.method != "POST":
        return show(request, PersonForm())
    form = PersonForm(request.POST)
    if form.is_finding:
        return show(request, form.unchecked())
    if not form.is_valid():
        return show(request, form)
    user = form.make(administrator(request), audit.address_of(request))
    return show_person(request, user, is_new=True, link=create_link(request, user))


@require_http_methods(["GET", "HEAD", "POST"])
@by_administrator
def person(request: HttpRequest, user_id: int) -> HttpResponse:
    user = by_id(user_id)
    if user is None:
        raise Http404("This person does not exist.")
    if request.method != "POST":
        return show_person(request, user)
    if not may_change(request, user):
        raise PermissionDenied
    return act(request, user)


def act(request: HttpRequest, user: User) -> HttpResponse:
    by, address = administrator(request), audit.address_of(request)
    match request.POST.get("act"):
        case "save":
            form = RoleForm(request.POST, user=user)
            if not form.is_valid():
                return show_person(request, user, form)
            form.save_role(user, by, address)
        case "find":
            return show_person(request, user, RoleForm(request.POST, user=user).unchecked())
        case "link" if user.is_active:
            return show_person(request, user, link=create_link(request, user))
        case "lock-out" if user.is_active and not is_typed(request, user.get_username()):
            return show_person(request, user, confirm_error=not_typed(user.get_username()))
        case "lock-out" | "let-in" as chosen:
            set_active(user, by, address, is_active=chosen == "let-in")
        case _:
            raise Http404("Unknown action.")
    return redirect(f"{reverse('person', args=[user.pk])}?saved=1")


def may_change(request: HttpRequest, user: User) -> bool:
    return user != request.user and (administrator(request).is_superuser or not user.is_superuser)


def administrator(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - by_administrator has seen to it
    return request.user


def create_link(request: HttpRequest, user: User) -> str:
    """Create a sign-in link. Records who created it, never the link itself."""
    audit.record(
        "sign_in_link_made", administrator(request).get_username(), audit.address_of(request), user=user.username
    )
    return request.build_absolute_uri(one_time_path(user))


def show(request: HttpRequest, form: PersonForm) -> HttpResponse:
    page_state = PageState.of_list("people", request.GET)
    response = page_view.render(
        request, "people/index.html", page_state, "People", people=all_people(page_state.q, page_state.p), form=form
    )
    response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return response


@sensitive_variables("link")
def show_person(
    request: HttpRequest,
    user: User,
    form: RoleForm | None = None,
    *,
    is_new: bool = False,
    link: str = "",
    confirm_error: str = "",
) -> HttpResponse:
    context: dict[str, Any] = {
        "person": user,
        "form": form or RoleForm(user=user),
        "may_change": may_change(request, user),
        "is_new": is_new,
        "is_saved": "saved" in request.GET and request.method == "GET",
        "link": link,
        "confirm_error": confirm_error,
        "link_until": utc_now() + VALID_FOR,
        "unused_until": unused_until(user),
    }
    page_state = PageState.of_board("people", request.GET)
    response = page_view.render(request, "people/person.html", page_state, user.get_username(), **context)
    response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY if confirm_error or (form and form.errors) else HTTPStatus.OK
    return response
