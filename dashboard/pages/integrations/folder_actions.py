"""Adds and removes followed Marcus folders. Each action is recorded."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import available_timezones

from django import forms
from django.db import IntegrityError, transaction

from marcus_events import audit
from marcus_events.core.event import utc_now
from marcus_events.core.event_types import EventTypes
from marcus_events.models import FollowedFolder
from marcus_events.sources.marcus.folder_check import find_problem, is_same_folder, parse_path

MAX_FOLDERS = 10  # each takes a thread and a connection
MAX_PATH = 600  # characters; fits into an index as UTF-8
MAX_NAME = 200
FULL = f"The server follows {MAX_FOLDERS} folders. Stop following one first."
FOLLOWED = "The server follows this folder already."


class FolderForm(forms.Form):
    """Validates a folder to follow."""

    path = forms.CharField(
        max_length=MAX_PATH,
        error_messages={
            "required": "Name the folder in which Marcus was started.",
            "max_length": f"A path has at most {MAX_PATH} characters here.",
        },
    )
    board = forms.CharField(max_length=MAX_NAME, required=False)
    time_zone = forms.CharField(max_length=MAX_NAME, required=False)

    def clean_path(self) -> str:
        try:
            path = parse_path(self.cleaned_data["path"])
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None
        if reason := find_problem(path):
            raise forms.ValidationError(reason)
        if any(is_same_folder(path, Path(folder.path)) for folder in FollowedFolder.objects.only("path")):
            raise forms.ValidationError(FOLLOWED)
        return str(path)

    def clean_time_zone(self) -> str:
        name: str = self.cleaned_data["time_zone"]
        if name and name not in available_timezones():
            raise forms.ValidationError("There is no time zone of this name. Give one such as Europe/Berlin.")
        return name

    def clean(self) -> None:
        if FollowedFolder.objects.count() >= MAX_FOLDERS:
            raise forms.ValidationError(FULL)

    def follow(self, by: str, address: str) -> FollowedFolder | None:
        """Save and return the folder; None if the form has errors."""
        if not self.is_valid():
            return None
        try:
            with transaction.atomic():
                folder = FollowedFolder.objects.create(**self.cleaned_data, added_by=by, added_at=utc_now())
        except IntegrityError:
            self.add_error("path", FOLLOWED)
            return None
        audit.record(EventTypes.FOLDER_FOLLOWED, by, address, path=folder.path)
        return folder


def unfollow(folder: FollowedFolder, by: str, address: str) -> None:
    """Stop following. Events already read stay."""
    if FollowedFolder.objects.filter(pk=folder.pk).delete()[0]:
        audit.record(EventTypes.FOLDER_UNFOLLOWED, by, address, path=folder.path)
