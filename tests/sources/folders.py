"""Runs a worker's folder followers in a thread of the tests."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Self

from marcus_events.core.event import utc_now
from marcus_events.models import FollowedFolder
from marcus_events.sources.marcus.folder_followers import follow_folders
from tests.waiting import wait_until


class FollowingFolders:
    """Follows the folders of the table inside the block."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.thread = threading.Thread(target=follow_folders, args=(self.stop,))

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop.set()
        self.thread.join()


def add(path: Path, **stated: Any) -> FollowedFolder:
    return FollowedFolder.objects.create(path=str(path), added_by="ada", added_at=utc_now(), **stated)


def state_of(folder: FollowedFolder) -> dict[str, Any]:
    folder.refresh_from_db()
    return folder.state or {}


def wait_for(folder: FollowedFolder, **wanted: Any) -> dict[str, Any]:
    """Return the state as soon as it has these values."""
    wait_until(lambda: wanted.items() <= state_of(folder).items())
    return state_of(folder)
