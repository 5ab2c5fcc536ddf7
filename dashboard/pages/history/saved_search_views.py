"""Saved searches: saving, renaming and deleting."""

from __future__ import annotations

from http import HTTPStatus

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from dashboard.pages.history import saved_searches
from dashboard.pages.history import views as page
from dashboard.visibility import visibility_of


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Save the search in the URL. The page shows why it could not be saved."""
    if refused := saved_searches.save(request):
        return page.with_refusal(request, refused, HTTPStatus.UNPROCESSABLE_ENTITY)
    return redirect(f"{reverse('history')}?{saved_searches.query_of(request)}")


@require_POST
def delete(request: HttpRequest, search_id: int) -> HttpResponse:
    """Delete one's own search; administrators also delete shared ones. Others' private searches give 404."""
    search = get_object_or_404(saved_searches.of(request.user, visibility_of(request.user)), pk=search_id)
    if not saved_searches.may_change(request, search):
        raise PermissionDenied
    search.delete()
    return redirect(f"{reverse('history')}?{saved_searches.query_of(request)}")
