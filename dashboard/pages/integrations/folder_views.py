"""Forms that add and remove followed Marcus folders. For administrators."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from dashboard.pages.administrator_view import by_administrator
from dashboard.pages.integrations import folder_list
from dashboard.pages.integrations.folder_actions import unfollow
from dashboard.pages.integrations.forms import FolderForm
from dashboard.pages.integrations.views import by_form, show
from marcus_events.audit import address_of


@by_form
@by_administrator
def add(request: HttpRequest) -> HttpResponse:
    form = FolderForm(request.POST)
    folder = form.follow(request.user.get_username(), address_of(request))
    if folder is None:
        return show(request, folder_form=form)
    return redirect(f"{reverse('integrations')}?followed={folder.pk}#folders")


@by_form
@by_administrator
def stop(request: HttpRequest, folder_id: int) -> HttpResponse:
    folder = folder_list.find(folder_id)
    if folder is None:
        raise Http404("The server follows no such folder.")
    unfollow(folder, request.user.get_username(), address_of(request))
    return redirect(f"{reverse('integrations')}?stopped=1#folders")
