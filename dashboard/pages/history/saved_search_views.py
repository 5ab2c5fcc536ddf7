"""Saved searches: saving, renaming and deleting."""

from __future__ import annotations

from http import HTTPStatus

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from dashboard.live.page_state import PageState
from dashboard.models import SavedSearch
from dashboard.pages.history import saved_searches
from dashboard.pages.history import views as page
from dashboard.visibility import visibility_of


class SaveForm(forms.Form):
    name = forms.CharField(max_length=100, error_messages={"required": "Enter a name."})
    shared = forms.BooleanField(required=False)


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Save the search in the URL. The page shows why it could not be saved."""
    if refused := keep(request):
        return page.with_refusal(request, refused, HTTPStatus.UNPROCESSABLE_ENTITY)
    return redirect(f"{reverse('history')}?{query_of(request)}")


def keep(request: HttpRequest) -> str:
    """Why not, in words, or ""."""
    form = SaveForm(request.POST)
    if not form.is_valid():
        return str(next(iter(form.errors.values()))[0])
    page_state = PageState.from_query("history", request.GET)
    boards = saved_searches.audience(page_state.board, page_state.q, visibility_of(request.user))
    search = SavedSearch(**form.cleaned_data, query=query_of(request), boards=boards)
    return saved_searches.keep(request.user, search)


def query_of(request: HttpRequest) -> str:
    """The look that the form came from, and nothing else."""
    return PageState.from_query("history", request.GET).query(p="")


@require_POST
def rename(request: HttpRequest, search_id: int) -> HttpResponse:
    """Rename a search; the same people may as may delete it. The page shows why it could not be renamed."""
    search = get_own_or_404(request, search_id)
    form = SaveForm(request.POST)
    refused = (
        saved_searches.rename(search, form.cleaned_data["name"])
        if form.is_valid()
        else str(next(iter(form.errors.values()))[0])
    )
    if refused:
        return page.with_refusal(request, refused, HTTPStatus.UNPROCESSABLE_ENTITY, renaming=search.pk)
    return redirect(f"{reverse('history')}?{query_of(request)}")


@require_POST
def delete(request: HttpRequest, search_id: int) -> HttpResponse:
    """Delete one's own search; administrators also delete shared ones."""
    get_own_or_404(request, search_id).delete()
    return redirect(f"{reverse('history')}?{query_of(request)}")


def get_own_or_404(request: HttpRequest, search_id: int) -> SavedSearch:
    """Return a search that the person may change. Others' private searches give 404."""
    search = saved_searches.find(request.user, visibility_of(request.user), search_id)
    if search is None:
        raise Http404("There is no such search.")
    if not saved_searches.may_change(request.user, search):
        raise PermissionDenied
    return search
