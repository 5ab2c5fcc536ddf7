"""Adds and removes followed Marcus folders. Each action is recorded."""

from __future__ import annotations

from pathlib import Path

from django.db import IntegrityError, transaction

from marcus_events import audit
from marcus_events.core.event import utc_now
from marcus_events.core.event_types import EventTypes
from marcus_events.models import FollowedFolder
from marcus_events.sources.marcus.folder_check import is_same_folder

MAX_FOLDERS = 10  # each takes a thread and a connection
FULL = f"The server can follow up to {MAX_FOLDERS} folders. Stop following one first."
FOLLOWED = "The server already follows this folder."


class CannotFollow(ValueError):
    """Why the server cannot follow a folder, as its form says it."""


def check_room() -> None:
    """Raises CannotFollow."""
    if FollowedFolder.objects.count() >= MAX_FOLDERS:
        raise CannotFollow(FULL)


def check_unfollowed(path: Path) -> None:
    """Raises CannotFollow."""
    if any(is_same_folder(path, Path(folder.path)) for folder in FollowedFolder.objects.only("path")):
        raise CannotFollow(FOLLOWED)


def follow(by: str, address: str, **stated: str) -> FollowedFolder:
    """Raises CannotFollow where another request was quicker."""
    try:
        with transaction.atomic():
            folder = FollowedFolder.objects.create(**stated, added_by=by, added_at=utc_now())
    except IntegrityError:
        raise CannotFollow(FOLLOWED) from None
    audit.record(EventTypes.FOLDER_FOLLOWED, by, address, path=folder.path)
    return folder


def unfollow(folder: FollowedFolder, by: str, address: str) -> None:
    """Stop following. Events already read stay."""
    if FollowedFolder.objects.filter(pk=folder.pk).delete()[0]:
        audit.record(EventTypes.FOLDER_UNFOLLOWED, by, address, path=folder.path)
